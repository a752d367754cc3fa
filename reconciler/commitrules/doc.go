// Package commitrules has the rules of commits that do not depend on how a hand-over was decided: which replica may commit (Authority), which
// one goes first (Delay, Deferral), how many Services are reconciled at a time (Limiter), and the times that commits go by: the API server's
// (Clock), that of the change that moves a leader (TriggerTime), and that of the event that enqueued a Service (PendingTriggers).
//
// The rules keep replicas that see different things from undoing each other's work, and from writing the same at the same moment. The
// failover controller asks them before each commit; the program lets the clock learn from the API server's answers.
//
// It never reads or writes an object of the API, decides no leader, and knows neither the controller nor its plans.
package commitrules
