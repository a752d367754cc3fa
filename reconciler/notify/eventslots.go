package notify

import (
	"context"
	"sync"

	"github.com/tanist-dev/tanist/reconciler/fairqueue"
)

// eventSlots lets a few Events be sent at a time. While all slots are taken, it serves the namespaces in turn.
type eventSlots struct {
	mu      sync.Mutex
	free    int
	waiting fairqueue.Queue[*slotRequest]
}

// slotRequest is an Event that waits for a slot. granted is closed when it has one.
type slotRequest struct {
	granted   chan struct{}
	abandoned bool
}

// acquire waits for a slot. It returns false when the context ends first; otherwise the caller calls release.
func (s *eventSlots) acquire(ctx context.Context, namespace string) bool {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return true
	}
	request := &slotRequest{granted: make(chan struct{})}
	s.waiting.Push(namespace, request)
	s.mu.Unlock()
	select {
	case <-request.granted:
		return true
	case <-ctx.Done():
		return !s.abandon(request)
	}
}

// abandon withdraws a request. It returns false when the request was granted meanwhile.
func (s *eventSlots) abandon(request *slotRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-request.granted:
		return false
	default:
		request.abandoned = true
		return true
	}
}

// release gives a slot to the next request, or frees it when none waits.
func (s *eventSlots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for next, ok := s.waiting.Pop(); ok; next, ok = s.waiting.Pop() {
		if !next.abandoned {
			close(next.granted)
			return
		}
	}
	s.free++
}
