// Package failover decides which pod leads each Service, and writes the decision into the EndpointSlices of the leader Service.
//
// It runs on every replica. Every replica may replace a leader that is lost; the replica that holds the Lease goes first. Only the holder
// of the Lease makes voluntary moves and repairs metadata (authority.go). So replicas that see different things cannot undo each other's
// work.
//
// A reconciliation loads its input (load.go), decides (plan.go, pure), commits (apply.go, the only file that writes) and reports
// (report.go). What admission prepares (prepared.go) is a plan that is ready before its event arrives.
//
// Decisions depend on the API and not on what a replica remembers: on the slices, the last valid annotations and tuning, and the API
// server's time (clock.go). A commit records what it was based on, and a replica that has seen less does not decide (input.go).
//
// Objects from the informers are shared. Nothing here modifies them.
package failover
