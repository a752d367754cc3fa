package leaderservice

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
)

// sharePerNamespace is how many Services of one namespace are reconciled at a time. A namespace whose writes hang, because an admission webhook of its
// own does, leaves the other workers to the others.
const sharePerNamespace = 4

// shares limits how many Services of each namespace are reconciled at a time. No worker waits in it: a Service that may not be reconciled yet is enqueued
// again when another one of its namespace is done.
type shares struct {
	enqueue func(types.NamespacedName)

	mu sync.Mutex
	// taken is how many Services of a namespace are being reconciled, and waiting are those that were put off.
	taken   map[string]int
	waiting map[string]sets.Set[types.NamespacedName]
}

func newShares(enqueue func(types.NamespacedName)) *shares {
	return &shares{enqueue: enqueue, taken: map[string]int{}, waiting: map[string]sets.Set[types.NamespacedName]{}}
}

// tryAcquire reports whether a Service may be reconciled now. If so, the caller calls release in the end.
func (s *shares) tryAcquire(key types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[key.Namespace] >= sharePerNamespace {
		if s.waiting[key.Namespace] == nil {
			s.waiting[key.Namespace] = sets.New[types.NamespacedName]()
		}
		s.waiting[key.Namespace].Insert(key)
		return false
	}
	s.taken[key.Namespace]++
	return true
}

// release ends a reconciliation, and enqueues a Service of the namespace that was put off.
func (s *shares) release(namespace string) {
	s.mu.Lock()
	if s.taken[namespace]--; s.taken[namespace] == 0 {
		delete(s.taken, namespace)
	}
	next, found := s.waiting[namespace].PopAny()
	if len(s.waiting[namespace]) == 0 {
		delete(s.waiting, namespace)
	}
	s.mu.Unlock()
	if found {
		s.enqueue(next)
	}
}
