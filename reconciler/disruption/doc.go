// Package disruption finds out which pods are about to be deleted, from their nodes, from the rollouts of their owners, and from the
// replicas of a StatefulSet. It also converts pods into candidates for an election.
//
// Only what is certain counts as an announcement. If only the controller of an owner knows when it replaces pods, that owner announces
// nothing.
//
// The failover controller calls it, and the kubectl plugin to explain what the controller does. It decides nothing and writes nothing.
package disruption
