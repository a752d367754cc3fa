package reconciler

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// freeAttempts is how often the same is done at once before it has to wait.
	freeAttempts = 3
	// firstPause is before the attempt that follows, and doubles with each one, up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
	// forgiven is after how long without an attempt the next one is the first again.
	forgiven = 10 * time.Minute
)

// pace spaces out attempts at the same thing: a write that someone undoes again and again, or that the API server refuses.
type pace struct {
	mu sync.Mutex
	// of has an entry for each Service of which something was tried: added by note, removed by forget.
	of map[types.NamespacedName]attempts
}

// attempts are how often the same was tried, since first and last at last.
type attempts struct {
	what        uint64 // a hash: what is written may be long
	times       int
	first, last time.Time
}

func newPace() *pace {
	return &pace{of: map[types.NamespacedName]attempts{}}
}

// get returns the attempts at this; none when the last ones were at something else, or long ago.
func (p *pace) get(key types.NamespacedName, what string, now time.Time) attempts {
	hashed := fnv.New64a()
	hashed.Write([]byte(what))
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.of[key]; a.what == hashed.Sum64() && now.Sub(a.last) < forgiven {
		return a
	}
	return attempts{what: hashed.Sum64(), first: now}
}

// note counts an attempt.
func (p *pace) note(key types.NamespacedName, what string, now time.Time) attempts {
	a := p.get(key, what, now)
	a.times, a.last = a.times+1, now
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[key] = a
	return a
}

func (p *pace) forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, key)
}

// repeated reports whether it was tried so often that someone has to know.
func (a attempts) repeated() bool {
	return a.times >= freeAttempts
}

// wait is how long the next attempt has to wait; zero when it need not.
func (a attempts) wait(now time.Time) time.Duration {
	if !a.repeated() {
		return 0
	}
	return max(a.last.Add(a.pause()).Sub(now), 0)
}

// pause is the time between the last attempt and the next.
func (a attempts) pause() time.Duration {
	pause := firstPause
	for range a.times - freeAttempts {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
