package notify

import (
	"context"
	"sync"

	"github.com/tanist-dev/tanist/reconciler/fairqueue"
)

// eventSlots lets a few Events be sent at a time, and fewer of one namespace: the API server may answer none of a namespace whose admission webhook
// hangs. While no slot is free, it serves the namespaces in turn.
type eventSlots struct {
	mu                 sync.Mutex
	free, perNamespace int
	// taken has the namespaces that have slots.
	taken map[string]int
	// waiting are the requests that get the next slots, and full those of namespaces that have as many as they may.
	waiting fairqueue.Queue[*slotRequest]
	full    map[string][]*slotRequest
}

// slotRequest is an Event that waits for a slot. granted is closed when it has one.
type slotRequest struct {
	namespace string
	granted   chan struct{}
	abandoned bool
}

func newEventSlots(slots, perNamespace int) *eventSlots {
	return &eventSlots{free: slots, perNamespace: perNamespace, taken: map[string]int{}, full: map[string][]*slotRequest{}}
}

// acquire waits for a slot. It returns false when the context ends first; otherwise the caller calls release.
func (s *eventSlots) acquire(ctx context.Context, namespace string) bool {
	request := &slotRequest{namespace: namespace, granted: make(chan struct{})}
	s.mu.Lock()
	s.waiting.Push(namespace, request)
	s.grant()
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

// release frees a slot of a namespace.
func (s *eventSlots) release(namespace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.taken[namespace]--; s.taken[namespace] == 0 {
		delete(s.taken, namespace)
	}
	s.advance(namespace)
	s.grant()
}

// advance lets the next request of a namespace wait again that had as many slots as it may. The caller holds mu.
func (s *eventSlots) advance(namespace string) {
	full := s.full[namespace]
	if len(full) == 0 {
		return
	}
	s.waiting.Push(namespace, full[0])
	if s.full[namespace] = full[1:]; len(full) == 1 {
		delete(s.full, namespace)
	}
}

// grant gives the free slots to those whose turn it is. The caller holds mu.
func (s *eventSlots) grant() {
	for s.free > 0 {
		next, ok := s.waiting.Pop()
		switch {
		case !ok:
			return
		case next.abandoned:
			s.advance(next.namespace)
		case s.taken[next.namespace] >= s.perNamespace:
			s.full[next.namespace] = append(s.full[next.namespace], next)
		default:
			s.free--
			s.taken[next.namespace]++
			close(next.granted)
		}
	}
}
