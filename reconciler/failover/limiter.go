package failover

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// limiter limits how many reconciliations run at a time. A controller's number of workers is fixed when it starts. This limit is a tuning,
// so the limiter reads it each time.
//
// No worker waits in the limiter: a Service that may not be reconciled yet is enqueued again when another one is done. So a worker is free
// for a commit that admission has prepared, which bypasses the limiter.
type limiter struct {
	limit   func() int
	enqueue func(types.NamespacedName)

	mu sync.Mutex
	// running is the number of Services that are being reconciled.
	running int
	// waiting are the Services that may not be reconciled yet, in order. One that was reconciled meanwhile is still there, but no longer in
	// queued.
	waiting []types.NamespacedName
	// queued are the Services that still wait.
	queued map[types.NamespacedName]bool
}

func newLimiter(limit func() int, enqueue func(types.NamespacedName)) *limiter {
	return &limiter{limit: limit, enqueue: enqueue, queued: map[types.NamespacedName]bool{}}
}

// tryAcquire reports whether a Service may be reconciled now. If so, the caller must call release afterwards. If not, the limiter enqueues
// the Service once it may.
func (l *limiter) tryAcquire(key types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running >= l.limit() {
		if !l.queued[key] {
			l.queued[key] = true
			l.waiting = append(l.waiting, key)
		}
		return false
	}
	l.running++
	delete(l.queued, key)
	return true
}

// release ends a reconciliation, and enqueues as many waiting Services as the current limit has room for.
func (l *limiter) release() {
	l.mu.Lock()
	l.running--
	var next []types.NamespacedName
	for len(next) < l.limit()-l.running && len(l.waiting) > 0 {
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
