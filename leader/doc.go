// Package leader tells an application in a pod whether it leads its Service, which has a leader by Tanist. The installation must have grants
// enabled (docs/grants.md).
//
//	err := leader.Run(ctx, func(ctx context.Context, state leader.State) error {
//		for state.Valid() && ctx.Err() == nil {
//			work(ctx, state.Term) // one short piece of what only a leader may do
//		}
//		return ctx.Err()
//	})
//
// Run steps down when the leader has moved, so that the next one begins at once. Watch tells an application what is known, and leaves it to the
// application when to step down.
//
// The application holds a grant while Valid returns true. At most one pod does at a time, whatever is delayed, lost or stopped, as long as
// clocks run at about the same speed. It is checked at use: a process that was stopped for a while, and looks again, finds its grant expired.
// Between the look and what follows it, a process can still be stopped. So what must never be done by two, such as a write to a database,
// should carry the term, and whoever receives it should refuse a lower term than it has seen.
//
// Where Tanist cannot know a pod by its address, such as in the host network, Options.TokenFile names a token (docs/grants.md).
//
// The package imports nothing else of Tanist.
package leader
