package watch

import (
	"context"
	"sync/atomic"
	"time"

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
	busy  atomic.Bool
	// aliveAt is when the replica was last seen to have written, -1 for never. Watcher.mu guards it and the fields below.
	aliveAt time.Duration
	// readFrom is when the last read began that has found out whether it had, -1 for none, and took is for how long that lasted.
	readFrom, took time.Duration
}

const (
	// beaconFor is how long a write of a replica shows that its node lives. A replica that hears no other writes several times as often.
	beaconFor = 2 * time.Second
	// beaconDue is how long after its last sign a node's replica has written to the API, if the node lives and hears no other: it notices after
	// lonelyAfter, in a round that takes twice helloEvery, and needs two calls for the first write.
	beaconDue = lonelyAfter + 4*helloEvery
)

// checkBeacon finds out whether a replica on a suspected node has written to the API since the previous check. Its node lives if it has.
func (w *Watcher) checkBeacon(ctx context.Context, b *beacon) {
	from := w.now()
	changed, err := b.watch.Changed(ctx)
	if err != nil {
		return // so readFrom gets old, and there is no verdict
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	b.readFrom, b.took = from, w.clock.Now()-from
	if changed {
		b.aliveAt = w.clock.Now()
	}
}

// beaconsOf says whether any replica on a suspected node has written to the API a moment ago, and whether all were looked at late enough, and
// not too long ago, to know. Where the API server is slow, a replica's two calls take as long as two reads.
func (w *Watcher) beaconsOf(n *node, now time.Duration) (alive, read bool) {
	read = true
	silentFrom := now - n.hearing.Silence(now)
	for _, r := range w.replicas {
		if r.Node != n.Name {
			continue
		}
		b := n.suspicion.beacons[r.Name]
		read = read && b != nil && b.readFrom-silentFrom >= beaconDue+2*b.took && now-b.readFrom <= beaconFor
		alive = alive || b != nil && b.aliveAt >= 0 && now-b.aliveAt <= beaconFor
	}
	return alive, read
}
