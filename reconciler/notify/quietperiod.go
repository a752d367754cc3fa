package notify

import (
	"context"
	"maps"
	"sync"
	"time"
)

const (
	// Deferral is how long non-urgent writes are deferred after a hand-over in their namespace: Events, and the copies of the slices'
	// annotations. When many leaders move at once, these writes would otherwise take a good part of the time that the last Service is
	// without a leader.
	Deferral = time.Second
	// longestDeferral is how long non-urgent writes are deferred at most, while leaders go on moving.
	longestDeferral = 10 * time.Second
)

// QuietPeriod knows for how long no leader has moved in a namespace. It counts the hand-overs of every replica: each changes a slice. Each
// namespace has a period of its own, so that leaders that move all the time in one do not defer what others wait for.
type QuietPeriod struct {
	mu sync.Mutex
	// namespaces has an entry from a namespace's first hand-over until the first hand-over of any namespace after its own series has ended.
	namespaces map[string]series
	// swept is when entries were last dropped.
	swept time.Time
}

// series is a series of hand-overs: each came less than Deferral after the one before. began is the time of the first, last of the latest.
type series struct{ began, last time.Time }

// HandedOver records a hand-over in a namespace.
func (p *QuietPeriod) HandedOver(namespace string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.namespaces == nil {
		p.namespaces = map[string]series{}
	}
	s := p.namespaces[namespace]
	if now.Sub(s.last) >= Deferral {
		s.began = now
	}
	s.last = now
	p.namespaces[namespace] = s
	if now.Sub(p.swept) >= Deferral {
		p.swept = now
		maps.DeleteFunc(p.namespaces, func(_ string, s series) bool { return now.Sub(s.last) >= Deferral })
	}
}

// Remaining returns how long to defer non-urgent writes in a namespace; zero when they may be made now.
func (p *QuietPeriod) Remaining(namespace string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.namespaces[namespace]
	until := s.last.Add(Deferral)
	if latest := s.began.Add(longestDeferral); latest.Before(until) {
		until = latest
	}
	return max(until.Sub(now), 0)
}

// Wait returns when a write that has just become due in a namespace may be made, or when the context ends. It waits for Deferral at least,
// because the write may be about the first hand-over of many.
func (p *QuietPeriod) Wait(ctx context.Context, namespace string) {
	for wait := Deferral; wait > 0; wait = p.Remaining(namespace, time.Now()) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
