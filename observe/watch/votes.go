package watch

import (
	"context"
	"sync/atomic"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

// count records which peers have answered, and what they have said of suspected nodes.
func (w *Watcher) count(answered []observe.Replica, votes map[string]peer.Votes) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	for _, r := range answered {
		w.heardOn(r.Node)
	}
	for name, all := range votes {
		n := w.suspects[name]
		if n == nil {
			continue
		}
		for _, v := range all {
			n.suspicion.votes[v.Replica] = vote{Vote: observe.Vote{Armed: v.Armed, Age: v.Age, SameNode: v.Node == w.own}, at: now}
		}
	}
}

// beacon is what is known of the Lease of a replica on a suspected node. Each suspicion has its own: what the replica wrote before it proves
// nothing.
type beacon struct {
	watch *peer.Watch
	of    *suspicion
	busy  atomic.Bool
}

// checkBeacon finds out whether a replica on a suspected node has written to the API since the first check. Its node lives if it has. An
// error is as if it had not: without the API there is no verdict anyway.
func (w *Watcher) checkBeacon(ctx context.Context, b *beacon) {
	changed, err := b.watch.Changed(ctx)
	if err != nil || !changed {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	b.of.beacon = true
}
