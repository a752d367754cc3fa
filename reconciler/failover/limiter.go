package failover

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// limiter lets a limited number of reconciliations through at a time. Unlike a controller's number of workers, which is fixed when it
// starts, the limit is asked for each time: it is a tuning. Nobody waits in it: a Service that does not get in is enqueued again when
// another one leaves. So a worker is always free for a commit that admission has prepared, which does not ask for permission.
type limiter struct {
	limit   func() int
	enqueue func(types.NamespacedName)

	mu sync.Mutex
	// inside counts who is through; waiting are those who were not, in their order. Who got in meanwhile is no longer in queued.
	inside  int
	waiting []types.NamespacedName
	queued  map[types.NamespacedName]bool
}

func newLimiter(limit func() int, enqueue func(types.NamespacedName)) *limiter {
	return &limiter{limit: limit, enqueue: enqueue, queued: map[types.NamespacedName]bool{}}
}

// enter reports whether a Service may be reconciled now; leave must follow if it may. If not it is enqueued when it may.
func (l *limiter) enter(key types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside >= l.limit() {
		if !l.queued[key] {
			l.queued[key] = true
			l.waiting = append(l.waiting, key)
		}
		return false
	}
	l.inside++
	delete(l.queued, key)
	return true
}

// leave makes room, for as many as the limit has by now.
func (l *limiter) leave() {
	l.mu.Lock()
	l.inside--
	var next []types.NamespacedName
	for len(next) < l.limit()-l.inside && len(l.waiting) > 0 {
		key := l.waiting[0]
		l.waiting = l.waiting[1:]
		if l.queued[key] {
			delete(l.queued, key)
			next = append(next, key)
		}
	}
	l.mu.Unlock()
	for _, key := range next {
		l.enqueue(key)
	}
}
