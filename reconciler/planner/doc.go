// Package planner decides which pod leads a Service, and what to write for that. It neither reads from the API nor writes to it: a decision
// depends on the input and the time alone, and on two memories that the input asks, the leader cache's departures and the observer.
//
// Decide turns an Input into a Plan. Prepare does it in advance, for a departure that admission has seen, and PreparedPlan completes such a
// plan once the departure is seen. Input.Unstable decides once more on what a plan would write, so that no write is made that another one
// would follow at once. Package failover loads the input and carries the plan out.
//
// Decisions depend on the API and not on what a replica remembers: on the objects in it, the last valid annotations and tuning, and the API
// server's time (commitrules.Clock). There are two exceptions, both in the leader cache. A replica remembers the highest term that it has
// seen, so a term is not used twice. And it remembers the departures that admission has shown to it alone, so it does not choose a pod that
// is about to be deleted. A commit records what it was based on, and a replica that has seen less does not decide (basis.go).
//
// Objects of the input are shared with the informers. Nothing here modifies them.
package planner
