// Package leaderservice keeps the leader Services, on the replica that holds the Lease:
//
//   - It creates, repairs and deletes them, and copies to them who leads according to the EndpointSlices. A condition in their status says
//     whether a ready pod leads.
//   - It removes what Kubernetes' own controllers have made for a leader Service that had a selector for a while.
//   - It sends the Events that tell a user what to correct.
//
// No hand-over waits for it. A reconciliation loads the input (load.go), plans (plan.go, pure), defers what can wait (deferral.go) and
// applies the plan (apply.go, the only file that writes). It never changes or deletes an object that is not Tanist's according to
// leaderslice, except what Kubernetes' controllers have made (slices.go).
package leaderservice
