package server

import (
	"sync"

	"github.com/tanist-dev/tanist/httpserver"
)

// What an address, or a pod with a token, may ask. A process asks four times in the time that a grant lasts, and waits for a change with one request.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
	// waitingAtOnce is how many requests of one may wait for a change, and how many more for a grant.
	waitingAtOnce = 8
	// knownParties is how many are remembered. One that is forgotten may ask at once again.
	knownParties = 16_384
)

// limits are what each may still ask.
type limits struct {
	requests *httpserver.RateLimits[party]

	mu sync.Mutex
	// waiting has those whose requests wait for a change, and how many. holding has those whose requests for a grant are held.
	waiting, holding map[party]int
}

func newLimits() *limits {
	return &limits{
		requests: httpserver.NewRateLimits[party](requestsPerSecond, requestsAtOnce, knownParties),
		waiting:  map[party]int{}, holding: map[party]int{},
	}
}

// begin reports whether one more request of somebody may wait for a change. Then end must follow.
func (l *limits) begin(who party) bool { return l.take(l.waiting, who) }

func (l *limits) end(who party) { l.giveBack(l.waiting, who) }

// beginHold reports whether one more request of somebody for a grant may be held. Then endHold must follow.
func (l *limits) beginHold(who party) bool { return l.take(l.holding, who) }

func (l *limits) endHold(who party) { l.giveBack(l.holding, who) }

func (l *limits) take(places map[party]int, who party) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if places[who] >= waitingAtOnce {
		return false
	}
	places[who]++
	return true
}

func (l *limits) giveBack(places map[party]int, who party) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if places[who]--; places[who] == 0 {
		delete(places, who)
	}
}
