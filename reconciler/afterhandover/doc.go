// Package afterhandover ends the connections that stay on the old leader after a voluntary move, on the replica that holds the Lease. It evicts
// the old leader, or calls a path on it, as the Service's annotation tanist.dev/after-handover asks.
//
// The failover controller records the old leader on the EndpointSlice, in the write that moves the leader. A second later, when the data plane
// sends new connections to the new leader, this controller loads the input (load.go), decides (decide.go, pure), reads live what the decision
// was based on, decides again, and acts (apply.go, the only file that writes to the API; call.go has the HTTP request). An action that fails is
// tried again for a bounded time (attempts.go), then an Event tells. The record outlasts a restart of the replica; which calls were answered is
// only in memory.
//
// No hand-over waits for this package. It never moves a leader, and never touches a pod that the Service does not select, that leads, that was lost
// as a leader, or that goes anyway.
package afterhandover
