// package failover decides which pod leads each Service and writes it into the EndpointSlices of its leader Service. It runs on every
// replica: any of them replaces a leader that is lost, and the holder of the Lease goes first. Voluntary moves and repairs of
// metadata are the holder's alone (authority.go), so replicas that see different things cannot undo each other's work.
//
// A reconciliation gathers its input (load.go), plans (plan.go, pure), commits (apply.go, the only file that writes) and reports
// (report.go). What admission has prepared (prepare.go) is a plan that is ready before its event arrives.
//
// Decisions use the API and nothing that a replica remembers: the slices, the last good annotations and tuning, and the API server's
// time (clock.go). A commit records what it was based on, and a replica that has seen less does not decide (input.go). Objects
// from the informers are shared: nothing here modifies them.
package failover
