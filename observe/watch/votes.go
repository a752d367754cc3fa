package watch

import (
	"context"
	"sync/atomic"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/peer"
)

// count records the answers of the peers, and reports whether there is any.
func (w *Watcher) count(all []peer.Votes) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	for _, votes := range all {
		w.heardOn(votes.Replica.Node)
		for name, answer := range votes.Nodes {
			if n := w.suspects[name]; n != nil {
				n.suspicion.votes[votes.Replica.Name] = vote{
					Vote: observe.Vote{Armed: answer.Armed, Age: answer.Age, SameNode: votes.Replica.Node == w.own},
					at:   now,
				}
			}
		}
	}
	return len(all) > 0
}

// beaconWatch is what is known of the Lease of a replica on a suspected node.
type beaconWatch struct {
	busy    atomic.Bool
	known   bool
	version string
}

// checkBeacon finds out whether a replica on a suspected node has written to the API since the first check. Its node lives if it has.
func (w *Watcher) checkBeacon(ctx context.Context, b *beaconWatch, replica, node string) {
	version, err := w.Beacon.Version(ctx, replica)
	if err != nil {
		return // as if it had not written; without the API there is no verdict anyway
	}
	changed := b.known && version != b.version
	b.known, b.version = true, version
	if !changed {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.suspects[node]; n != nil {
		n.suspicion.beacon = true
	}
}
