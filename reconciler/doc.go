// Package reconciler keeps what users asked for true, with two controllers:
//
//   - succession, on every replica: whose pod is in a leader Service's EndpointSlices. It is the way of a hand-over: from the watch
//     event over the decision to one conditional write, with no read from the API in between. Every replica may commit; the one
//     that holds the Lease goes first, the others a moment later if it did not.
//   - stewardship, on the replica that holds the Lease: the leader Services themselves, the annotations on them, Events that tell
//     a user what to mend, and cleaning up. None of it is in the way of a hand-over.
//
// A third, tuning, puts the ConfigMap tanist-tuning in force on every replica.
//
// Each reconciliation is visible as load, decide, apply, report: load reads, decide is pure, only apply writes, report speaks of
// what has been done. Objects from the informers are shared: nothing here modifies them. Nothing that is not owned (see owned.go)
// is ever changed or deleted.
package reconciler
