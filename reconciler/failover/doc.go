// Package failover brings the EndpointSlices of leader Services up to date with what package planner decides.
//
// It runs on every replica. Every replica may replace a leader that is lost; the replica that holds the Lease goes first. Only the Lease
// holder makes voluntary moves and repairs metadata, except for a hand-over that admission has prepared. So replicas that see different
// things cannot undo each other's work. The rules about this are in package commitrules.
//
// A reconciliation loads the input of a decision (load.go), has it decided, waits where other replicas go first (commitdelay.go) or a write
// would not last (pause.go), commits (apply.go, the only file that writes) and reports (report.go). A hand-over that admission has prepared
// (prepared.go) is a plan that is ready before its event arrives.
//
// Objects from the informers are shared. Nothing here modifies them.
package failover
