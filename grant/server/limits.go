package server

import (
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

// What an address, or a pod with a token, may ask. A process asks four times in the time that a grant lasts, and waits for a change with one request.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
	// waitingAtOnce is how many requests of one may wait for a change.
	waitingAtOnce = 8
	// knownParties is how many are remembered. One that is forgotten may ask at once again.
	knownParties = 16_384
)

// limits are what each may still ask.
type limits struct {
	mu       sync.Mutex
	limiters *lru.Cache
	// waiting has those whose requests wait, and how many.
	waiting map[party]int
}

func newLimits() *limits {
	return &limits{limiters: lru.New(knownParties), waiting: map[party]int{}}
}

// admit reports whether somebody may make a request now.
func (l *limits) admit(who party) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter, ok := l.limiters.Get(who)
	if !ok {
		limiter = rate.NewLimiter(requestsPerSecond, requestsAtOnce)
		l.limiters.Add(who, limiter)
	}
	return limiter.(*rate.Limiter).Allow()
}

// begin reports whether one more request of somebody may wait. Then end must follow.
func (l *limits) begin(who party) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[who] >= waitingAtOnce {
		return false
	}
	l.waiting[who]++
	return true
}

func (l *limits) end(who party) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[who]--; l.waiting[who] == 0 {
		delete(l.waiting, who)
	}
}
