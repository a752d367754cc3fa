package notify

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// FreeAttempts is how often the same is done at once before it has to wait.
	FreeAttempts = 3
	// firstPause is before the attempt that follows, and doubles with each one, up to longestPause.
	firstPause   = time.Second
	longestPause = time.Minute
	// forgiven is after how long without an attempt the next one is the first again.
	forgiven = 10 * time.Minute
)

// Backoff spaces out attempts at the same thing: a write that someone undoes again and again, or that the API server refuses.
type Backoff struct {
	mu sync.Mutex
	// attempts has an entry for each Service of which something was tried: added by note, removed by forget.
	attempts map[types.NamespacedName]attempts
}

// attempts are how often the same was tried, since first and last at last.
type attempts struct {
	what        uint64 // a hash: what is written may be long
	Times       int
	first, last time.Time
}

func NewBackoff() *Backoff {
	return &Backoff{attempts: map[types.NamespacedName]attempts{}}
}

// Attempts returns the attempts at this; none when the last ones were at something else, or long ago.
func (p *Backoff) Attempts(key types.NamespacedName, what string, now time.Time) attempts {
	hashed := fnv.New64a()
	hashed.Write([]byte(what))
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.attempts[key]; a.what == hashed.Sum64() && now.Sub(a.last) < forgiven {
		return a
	}
	return attempts{what: hashed.Sum64(), first: now}
}

// Record counts an attempt.
func (p *Backoff) Record(key types.NamespacedName, what string, now time.Time) attempts {
	a := p.Attempts(key, what, now)
	a.Times, a.last = a.Times+1, now
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts[key] = a
	return a
}

func (p *Backoff) Forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.attempts, key)
}

// repeated reports whether it was tried so often that someone has to know.
func (a attempts) repeated() bool {
	return a.Times >= FreeAttempts
}

// Wait is how long the next attempt has to wait; zero when it need not.
func (a attempts) Wait(now time.Time) time.Duration {
	if !a.repeated() {
		return 0
	}
	return max(a.last.Add(a.Pause()).Sub(now), 0)
}

// Pause is the time between the last attempt and the next.
func (a attempts) Pause() time.Duration {
	pause := firstPause
	for range a.Times - FreeAttempts {
		if pause *= 2; pause >= longestPause {
			return longestPause
		}
	}
	return pause
}
