// Package floor is the bare watch-and-patch loop that Tanist is compared with: one watch on pods and, when a leader is lost (its
// deletionTimestamp, its readiness, or the pod itself gone), one unconditional patch that was prepared before. What it takes is what
// the API server alone costs.
//
// The loop has no election, no lock and no second replica. Its patch stays a merge patch, so that figures of different versions can be
// compared, although the API server needs about a millisecond less for an update, which Tanist sends. Its namespace is not opted in, so
// what Tanist's admission adds to a delete counts against Tanist and not against the floor.
//
// The package writes nothing but the slices of its own Services.
package floor
