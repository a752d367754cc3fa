package notify

import (
	"context"
	"sync"
	"time"
)

const (
	// Deferral is for how long what nobody waits for is put off: Events, and the copies of the slices' annotations. When many
	// leaders go at once, it would otherwise take a good part of the time that the last of them is without a leader.
	Deferral = time.Second
	// longestDeferral is for how long it is at most, while leaders go on moving.
	longestDeferral = 10 * time.Second
)

// QuietPeriod knows whether leaders are on the move, by this replica's commits and those of others: each changes a slice.
type QuietPeriod struct {
	mu sync.Mutex
	// began is the first move that less than afterwards has gone by after, again and again, until last.
	began, last time.Time
}

// HandedOver takes note of a move.
func (c *QuietPeriod) HandedOver(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) >= Deferral {
		c.began = now
	}
	c.last = now
}

// Remaining is how long to put off what nobody waits for; zero when it is time.
func (c *QuietPeriod) Remaining(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.last.Add(Deferral)
	if latest := c.began.Add(longestDeferral); latest.Before(until) {
		until = latest
	}
	return max(until.Sub(now), 0)
}

// Wait returns when it is time for what has just come up, or the context ends.
func (c *QuietPeriod) Wait(ctx context.Context) {
	for wait := Deferral; wait > 0; wait = c.Remaining(time.Now()) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
