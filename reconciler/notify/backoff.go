package notify

import (
	"hash/fnv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// ImmediateAttempts is how many attempts at the same thing are made without a delay.
	ImmediateAttempts = 3
	// firstDelay is the delay before the attempt that follows. It doubles with each attempt, up to longestDelay.
	firstDelay   = time.Second
	longestDelay = time.Minute
	// resetAfter is how long after the last attempt the next one counts as the first again.
	resetAfter = 10 * time.Minute
)

// Backoff spaces out attempts at the same thing: a write that someone undoes again and again, or that the API server refuses.
type Backoff struct {
	mu sync.Mutex
	// attempts has an entry for each Service for which something was attempted: Record adds it, Forget removes it.
	attempts map[types.NamespacedName]Attempts
}

// Attempts counts the attempts at one thing.
type Attempts struct {
	what        uint64 // a hash, because a description of what is written may be long
	Times       int
	first, last time.Time
}

// NewBackoff returns a Backoff that knows of no attempt.
func NewBackoff() *Backoff {
	return &Backoff{attempts: map[types.NamespacedName]Attempts{}}
}

// Remaining returns how long to wait before the next attempt at this; zero when it may be made now. Each Service has one thing that is
// attempted at a time: attempts at something else start from zero.
func (b *Backoff) Remaining(key types.NamespacedName, what string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.get(key, what, now)
	if a.Times < ImmediateAttempts {
		return 0
	}
	return max(a.last.Add(a.Delay()).Sub(now), 0)
}

// Record counts an attempt, and returns how many there are now.
func (b *Backoff) Record(key types.NamespacedName, what string, now time.Time) Attempts {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.get(key, what, now)
	a.Times, a.last = a.Times+1, now
	b.attempts[key] = a
	return a
}

// Forget drops what is known of a Service.
func (b *Backoff) Forget(key types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.attempts, key)
}

// get returns the attempts at this; none when the last ones were at something else, or long ago. The caller holds the mutex.
func (b *Backoff) get(key types.NamespacedName, what string, now time.Time) Attempts {
	hash := fnv.New64a()
	hash.Write([]byte(what))
	if a := b.attempts[key]; a.what == hash.Sum64() && now.Sub(a.last) < resetAfter {
		return a
	}
	return Attempts{what: hash.Sum64(), first: now}
}

// Delay returns how long after the last attempt the next one is due. A caller that makes no attempt without a delay uses it instead of
// Remaining.
func (a Attempts) Delay() time.Duration {
	delay := firstDelay
	for range a.Times - ImmediateAttempts {
		if delay *= 2; delay >= longestDelay {
			return longestDelay
		}
	}
	return delay
}
