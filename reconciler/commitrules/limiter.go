package commitrules

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/reconciler/fairqueue"
)

// Limiter limits how many reconciliations run at a time. A controller's number of workers is fixed when it starts. This limit is a tuning,
// so the limiter reads it each time.
//
// No worker waits in the limiter: a Service that may not be reconciled yet gets its place when another one is done, and is enqueued again.
// So a worker is free for a commit that admission has prepared, which bypasses the limiter. Namespaces get places in turn, so that the many
// Services of one do not delay the few of another. A place is kept for the Service that gets it, or else newcomers of the busiest namespace
// would take most places.
type Limiter struct {
	limit   func() int
	enqueue func(types.NamespacedName)

	mu sync.Mutex
	// taken is the number of places of Services that are being reconciled, or that were enqueued with a place.
	taken int
	// waiting are the Services that have no place yet. One that got a place because the limit was raised is still there, but no longer in
	// queued.
	waiting fairqueue.Queue[types.NamespacedName]
	queued  sets.Set[types.NamespacedName]
	// places are the Services that were enqueued with a place, and not reconciled yet.
	places sets.Set[types.NamespacedName]
}

// NewLimiter returns a limiter with all places free. It calls enqueue for a Service that waited and has got a place.
func NewLimiter(limit func() int, enqueue func(types.NamespacedName)) *Limiter {
	return &Limiter{limit: limit, enqueue: enqueue, queued: sets.New[types.NamespacedName](), places: sets.New[types.NamespacedName]()}
}

// TryAcquire reports whether a Service may be reconciled now. If so, the caller must call Release in the end. If not, the limiter enqueues
// the Service once it may.
func (l *Limiter) TryAcquire(key types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places.Has(key) {
		l.places.Delete(key)
		return true
	}
	if l.taken >= l.limit() {
		if !l.queued.Has(key) {
			l.queued.Insert(key)
			l.waiting.Push(key.Namespace, key)
		}
		return false
	}
	l.taken++
	l.queued.Delete(key)
	return true
}

// Release ends a reconciliation.
func (l *Limiter) Release() {
	l.mu.Lock()
	l.taken--
	l.grantAndUnlock()
}

// Forfeit gives up the place that a Service was enqueued with, if it did not need it.
func (l *Limiter) Forfeit(key types.NamespacedName) {
	l.mu.Lock()
	if !l.places.Has(key) {
		l.mu.Unlock()
		return
	}
	l.places.Delete(key)
	l.taken--
	l.grantAndUnlock()
}

// grantAndUnlock gives places to as many waiting Services as the current limit has room for, and enqueues them. The caller holds mu, which
// it unlocks first: enqueue is not the limiter's.
func (l *Limiter) grantAndUnlock() {
	var next []types.NamespacedName
	for l.taken < l.limit() {
		key, ok := l.waiting.Pop()
		if !ok {
			break
		}
		if !l.queued.Has(key) {
			continue
		}
		l.queued.Delete(key)
		l.places.Insert(key)
		l.taken++
		next = append(next, key)
	}
	l.mu.Unlock()
	for _, key := range next {
		l.enqueue(key)
	}
}
