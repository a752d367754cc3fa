package server

import (
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
)

// What one address may ask. A process asks four times in the time that a grant lasts, and waits for news with one request.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
	// waitingAtOnce is how many requests of one address may wait for news.
	waitingAtOnce = 8
	// knownAddresses is how many addresses are remembered. One that is forgotten may ask at once again.
	knownAddresses = 16_384
)

// limits are what each address may still ask.
type limits struct {
	mu       sync.Mutex
	limiters *lru.Cache
	// waiting has the addresses whose requests wait, and how many.
	waiting map[netip.Addr]int
}

func newLimits() *limits {
	return &limits{limiters: lru.New(knownAddresses), waiting: map[netip.Addr]int{}}
}

// admit reports whether an address may make a request now.
func (l *limits) admit(address netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter, ok := l.limiters.Get(address)
	if !ok {
		limiter = rate.NewLimiter(requestsPerSecond, requestsAtOnce)
		l.limiters.Add(address, limiter)
	}
	return limiter.(*rate.Limiter).Allow()
}

// begin reports whether one more request of an address may wait. Then end must follow.
func (l *limits) begin(address netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[address] >= waitingAtOnce {
		return false
	}
	l.waiting[address]++
	return true
}

func (l *limits) end(address netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[address]--; l.waiting[address] == 0 {
		delete(l.waiting, address)
	}
}
