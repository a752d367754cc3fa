// Package leader tells an application in a pod whether it leads its Service, which has a leader by Tanist. The installation must have grants
// enabled (docs/grants.md).
//
//	for state := range leader.Watch(ctx) {
//		for state.Valid() && ctx.Err() == nil {
//			work(ctx, state.Term) // one short piece of what only a leader may do
//		}
//	}
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
