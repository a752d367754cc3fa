// package leaderservice keeps the leader Services: it creates, repairs and deletes them, copies the state of the slices to them, removes
// what Kubernetes' own controllers made of one that had a selector for a while, and sends the Events that tell a user what to correct.
// It runs on the replica that holds the Lease. No hand-over waits for it.
//
// A reconciliation loads what there is, plans (plan.go, pure), applies (controller.go, the only file that writes) and tells. It never
// changes or deletes an object that leaderslice does not find to be Tanist's, except those leftovers (tidy.go).
package leaderservice
