package watch

import (
	"context"
	"sync"
	"time"
)

// cond is a mutex and a condition variable whose waiters also stop when their context or a time limit ends, which sync.Cond cannot
// do. The zero value is ready for use.
type cond struct {
	sync.Mutex
	// changed is closed at the next broadcast; nil while nobody waits.
	changed chan struct{}
}

// broadcast wakes all waiters. The lock must be held.
func (c *cond) broadcast() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// wait calls check with the lock held: at once, after every broadcast, and when the time that check returned has passed (0: only after
// a broadcast). It returns nil when check returns true, or the context's error.
func (c *cond) wait(ctx context.Context, check func() (done bool, recheck time.Duration)) error {
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
