// Package grantnodes tries grants (docs/grants.md) on real nodes: pods that ask whether they lead, while leaders move, processes are stopped, nodes
// are cut off and replicas of Tanist are killed at random. It checks that no two pods hold a grant at a time, and tells for how long nobody had one.
//
// Each pod looks every ten milliseconds whether its grant is valid, and writes down that it is, with the clock that all nodes on this machine
// share. So pods that nobody can reach are checked, too. The test runs with the build tag e2e ("make grants-nodes"); what decides about the records
// is tested without.
package grantnodes
