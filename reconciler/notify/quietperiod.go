package notify

import (
	"context"
	"sync"
	"time"
)

const (
	// Deferral is how long non-urgent writes are deferred after a hand-over: Events, and the copies of the slices' annotations. When
	// many leaders move at once, these writes would otherwise take a good part of the time that the last Service is without a leader.
	Deferral = time.Second
	// longestDeferral is how long non-urgent writes are deferred at most, while leaders go on moving.
	longestDeferral = 10 * time.Second
)

// QuietPeriod knows for how long no leader has moved. It counts the hand-overs of every replica: each changes a slice.
type QuietPeriod struct {
	mu sync.Mutex
	// last is the time of the latest hand-over. began is when the current series of hand-overs started: each of them came less than
	// Deferral after the one before.
	began, last time.Time
}

// HandedOver records a hand-over.
func (p *QuietPeriod) HandedOver(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last) >= Deferral {
		p.began = now
	}
	p.last = now
}

// Remaining returns how long to defer non-urgent writes; zero when they may be made now.
func (p *QuietPeriod) Remaining(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.last.Add(Deferral)
	if latest := p.began.Add(longestDeferral); latest.Before(until) {
		until = latest
	}
	return max(until.Sub(now), 0)
}

// Wait returns when a write that has just become due may be made, or when the context ends. It waits for Deferral at least, because
// the write may be about the first hand-over of many.
func (p *QuietPeriod) Wait(ctx context.Context) {
	for wait := Deferral; wait > 0; wait = p.Remaining(time.Now()) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
