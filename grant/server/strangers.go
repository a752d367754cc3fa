package server

import (
	"context"
	"sync"
	"time"
)

// strangerWait is how long a request waits for its pod to be known: a process begins to ask up to a second before the kubelet reports the
// pod's address.
const strangerWait = 10 * time.Second

// strangers are pods that ask before they are known here.
type strangers struct {
	mu      sync.Mutex
	waiting map[party]*stranger
}

type stranger struct {
	// changed is closed when there is news of the pod, and requests is how many wait for that.
	changed  chan struct{}
	requests int
}

func newStrangers() *strangers { return &strangers{waiting: map[party]*stranger{}} }

// subscribe returns a channel that is closed at the next news of a pod. Then end must follow.
func (s *strangers) subscribe(who party) (changed <-chan struct{}, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.waiting[who]
	if e == nil {
		e = &stranger{changed: make(chan struct{})}
		s.waiting[who] = e
	}
	e.requests++
	return e.changed, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if e.requests--; e.requests == 0 && s.waiting[who] == e {
			delete(s.waiting, who)
		}
	}
}

// tell tells those who wait that there is news of a pod.
func (s *strangers) tell(who party) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.waiting[who]; e != nil {
		close(e.changed)
		delete(s.waiting, who)
	}
}

// awaitKnown returns the pod that asks, when the informers have it; false if they do not in time.
func (s *Server) awaitKnown(ctx context.Context, who party, wait time.Duration) (Caller, bool) {
	if !s.limits.begin(who) {
		return Caller{}, false
	}
	defer s.limits.end(who)
	over := time.NewTimer(min(wait, strangerWait))
	defer over.Stop()
	for {
		changed, end := s.strangers.subscribe(who)
		caller, ok := s.lookUp(who) // after the subscription, so that no news is missed
		if ok {
			end()
			return caller, true
		}
		select {
		case <-changed:
			end()
			continue
		case <-over.C:
		case <-ctx.Done():
		case <-s.stopping:
		}
		end()
		return Caller{}, false
	}
}
