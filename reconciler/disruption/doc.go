// Package disruption finds out which pods are about to be deleted, from their nodes, from the rollouts of their owners, and from the
// replicas of a StatefulSet. It also converts pods into candidates for an election.
//
// Only what an object in the API says counts as an announcement; nothing is guessed. A cordon counts, too, although it may be withdrawn, and so
// does a node whose pods will only be paused. If only the controller of an owner knows when it replaces pods, that owner announces nothing.
//
// The failover controller calls it, and the kubectl plugin to explain what the controller does. It decides nothing and writes nothing.
package disruption
