// package disruption knows which pods are about to go: by their nodes, by the rollouts of their owners, by a StatefulSet's replicas. It
// also turns pods into candidates for the election. Only what is certain counts: an owner that replaces its pods when nobody can
// tell announces nothing.
//
// The failover controller calls it. It decides nothing and writes nothing.
package disruption
