package peer

import (
	"context"
	"time"
)

// Watch follows the beacon of another replica. It trusts no clock: what it finds first may be old, and only what changes after that is a
// sign of life. It is for one goroutine.
type Watch struct {
	beacon  *Beacon
	replica string
	// begun is whether the beacon has been looked at, and seen what the replica said last.
	begun bool
	seen  time.Time
}

// Watch returns a Watch of the replica's beacon, which has not looked at it yet. A suspicion begins with a new one.
func (b *Beacon) Watch(replica string) *Watch { return &Watch{beacon: b, replica: replica} }

// Changed reports whether the replica has said that it is alive since the previous call that did not fail. The first one has nothing to
// compare with, and returns false. It reads from the API server, and takes at most a second.
func (w *Watch) Changed(ctx context.Context) (bool, error) {
	said, err := w.beacon.AliveSince(ctx, w.replica)
	if err != nil {
		return false, err
	}
	// A Lease that is gone says nothing.
	changed := w.begun && !said.IsZero() && !said.Equal(w.seen)
	w.begun, w.seen = true, said
	return changed, nil
}
