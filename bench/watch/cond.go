package watch

import (
	"context"
	"sync"
	"time"
)

// cond is a mutex and a condition variable. Unlike with sync.Cond, a wait ends with its context, and looks again after some time without a
// broadcast if its check asks for that. The zero value is ready for use.
type cond struct {
	sync.Mutex
	// changed is closed at the next broadcast. It is nil until somebody waits after a broadcast.
	changed chan struct{}
}

// broadcast wakes all waiters. The caller must hold the lock.
func (c *cond) broadcast() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// waitUntil calls check with the lock held: at once, after every broadcast, and when the time that check returned has passed (0: only
// after a broadcast). It returns nil when check returns true, even if ctx has ended, and otherwise the cause of the context's end. The
// caller must not hold the lock, and does not hold it when the wait ends.
func (c *cond) waitUntil(ctx context.Context, check func() (done bool, recheck time.Duration)) error {
	for {
		c.Lock()
		done, recheck := check()
		if done {
			c.Unlock()
			return nil
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.Unlock()

		var due <-chan time.Time
		if recheck > 0 {
			due = time.After(recheck)
		}
		select {
		case <-changed:
		case <-due:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
