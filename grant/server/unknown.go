package server

import (
	"context"
	"sync"
	"time"
)

// unknownWait is how long a request waits for its pod to be known: a process begins to ask up to a second before the kubelet reports the
// pod's address.
const unknownWait = 10 * time.Second

// unknownPods are pods that ask before they are known here.
type unknownPods struct {
	mu      sync.Mutex
	waiting map[party]*unknownPod
}

type unknownPod struct {
	// changed is closed when the informers have something else of the pod, and requests is how many wait for that.
	changed  chan struct{}
	requests int
}

func newUnknownPods() *unknownPods { return &unknownPods{waiting: map[party]*unknownPod{}} }

// subscribe returns a channel that is closed at the next change of a pod. Then end must follow.
func (s *unknownPods) subscribe(who party) (changed <-chan struct{}, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.waiting[who]
	if e == nil {
		e = &unknownPod{changed: make(chan struct{})}
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

// tell tells those who wait that a pod has changed.
func (s *unknownPods) tell(who party) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.waiting[who]; e != nil {
		close(e.changed)
		delete(s.waiting, who)
	}
}

// awaitKnown returns the pod that asks, when the informers have it; false if they do not in time. The caller has a place in the limits.
func (s *Server) awaitKnown(ctx context.Context, who party, wait time.Duration) (Caller, bool) {
	over := time.NewTimer(min(wait, unknownWait))
	defer over.Stop()
	for {
		changed, end := s.unknown.subscribe(who)
		caller, ok := s.lookUp(who) // after the subscription, so that no change is missed
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
