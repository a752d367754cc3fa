// Package dummy stands for the parts of Tanist that a test of the failover controller does without: the observer of losses, the departures
// that admission sees, and the state that a commit has left. It decides nothing.
package dummy
