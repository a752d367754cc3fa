// Package explain is `kubectl tanist explain`. It says who leads a Service and why, how the leader is watched, and where each pod of the
// Service stands: whether it can lead, what places it where it is, and what would have to happen for it to lead.
//
// The order comes from the packages with which Tanist decides, election and reconciler/disruption. They are given what the user may read. What
// only the replicas of Tanist know, such as which pods they hear, is not part of it. The package writes nothing.
package explain
