// Package failover decides which pod leads each Service, and writes the decision into the EndpointSlices of the leader Service.
//
// It runs on every replica. Every replica may replace a leader that is lost; the replica that holds the Lease goes first. Only the Lease
// holder makes voluntary moves and repairs metadata, except for a hand-over that admission has prepared. So replicas that see different
// things cannot undo each other's work. The rules about this are in package commitrules.
//
// A reconciliation loads its input (load.go), decides (plan.go, without I/O), commits (apply.go, the only file that writes) and reports
// (report.go). A prepared hand-over (prepared.go) is a plan that is ready before its event arrives.
//
// Decisions depend on the API and not on what a replica remembers: on the objects in it, the last valid annotations and tuning, and the API
// server's time (commitrules.Clock). There are two exceptions, both in the leader cache. A replica remembers the highest term that it has
// seen, so a term is not used twice. And it remembers the departures that admission has shown to it alone, so it does not choose a pod that
// is about to be deleted. A commit records what it was based on, and a replica that has seen less does not decide (input.go).
//
// Objects from the informers are shared. Nothing here modifies them.
package failover
