package bench

import (
	"context"
	"sync"
	"time"
)

// bell guards a state and wakes everyone who waits for it to change. The zero value is ready for use.
type bell struct {
	sync.Mutex
	// rung is closed at the next ring; nil while nobody waits.
	rung chan struct{}
}

// ring wakes the waiting. The lock must be held.
func (b *bell) ring() {
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// wait calls check with the lock held, at once, after every ring, and when the time that check asked for has passed (0: only
// after a ring). It returns nil when check says that it is done, or the context's error.
func (b *bell) wait(ctx context.Context, check func() (done bool, again time.Duration)) error {
	for {
		b.Lock()
		done, again := check()
		if done {
			b.Unlock()
			return nil
		}
		if b.rung == nil {
			b.rung = make(chan struct{})
		}
		rung := b.rung
		b.Unlock()

		if err := sleepUntilRung(ctx, rung, again); err != nil {
			return err
		}
	}
}

func sleepUntilRung(ctx context.Context, rung <-chan struct{}, again time.Duration) error {
	var alarm <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		alarm = timer.C
	}
	select {
	case <-rung:
	case <-alarm:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// pause waits for d, or returns the context's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
