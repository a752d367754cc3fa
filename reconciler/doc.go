// Package reconciler keeps what users asked for true, with three controllers:
//
//   - succession, the failover controller, on every replica: whose pod is in a leader Service's EndpointSlices. It takes a hand-over
//     from the watch event through the decision to one conditional write, with no read from the API in between. Every replica
//     replaces a leader that is lost, and the one that holds the Lease goes first. Voluntary moves and repairs of metadata are the
//     holder's alone (authority.go), so that replicas that see different things cannot undo each other's work.
//   - stewardship, the leader Service controller, on the replica that holds the Lease: the leader Services themselves, the annotations
//     on them, Events that tell a user what to correct, and cleaning up. No hand-over waits for it.
//   - tuning, on every replica: it puts the ConfigMap tanist-tuning in force. The holder saves the last good one.
//
// Decisions use the API and nothing that a replica remembers: the slices, the last good annotations and tuning, and the API server's
// time (clock.go). A commit records what it was based on, and a replica that has seen less does not decide (situation.go).
//
// Each reconciliation has the steps load, decide, apply, report: load reads, decide is pure, only apply writes, report tells what has
// been done. Objects from the informers are shared: nothing here modifies them. Nothing that is not owned (see owned.go) is changed or
// deleted, except what Kubernetes' own controllers made of a leader Service with a selector (tidy.go).
package reconciler
