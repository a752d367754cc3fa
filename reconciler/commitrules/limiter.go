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
// Services of one do not delay the few of another. Within a namespace the urgent ones come first: after a change of the tuning or of the Lease's
// holder all of its Services wait here, and a leader that is lost then must not wait for them. A place is kept for the Service that gets it, or
// else newcomers of the busiest namespace would take most places.
type Limiter struct {
	limit   func() int
	enqueue func(types.NamespacedName)

	mu sync.Mutex
	// taken is the number of places of Services that are being reconciled, or that were enqueued with a place.
	taken int
	// waiting are the Services that have no place yet. One that got a place because the limit was raised, or because it had become urgent, is
	// still there, but no longer in queued.
	waiting fairqueue.Queue[types.NamespacedName]
	// queued says of each Service that waits whether it is urgent.
	queued map[types.NamespacedName]bool
	// places are the Services that were enqueued with a place, and not reconciled yet.
	places sets.Set[types.NamespacedName]
}

// NewLimiter returns a limiter with all places free. It calls enqueue for a Service that waited and has got a place.
func NewLimiter(limit func() int, enqueue func(types.NamespacedName)) *Limiter {
	return &Limiter{limit: limit, enqueue: enqueue, queued: map[types.NamespacedName]bool{}, places: sets.New[types.NamespacedName]()}
}

// TryAcquire reports whether a Service may be reconciled now. If so, the caller must call Release in the end. If not, the limiter enqueues
// the Service once it may, an urgent one first.
func (l *Limiter) TryAcquire(key types.NamespacedName, urgent bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places.Has(key) {
		l.places.Delete(key)
		return true
	}
	if l.taken >= l.limit() {
		switch wasUrgent, waits := l.queued[key]; {
		case urgent && !wasUrgent:
			l.waiting.PushUrgent(key.Namespace, key)
			l.queued[key] = true
		case !waits:
			l.waiting.Push(key.Namespace, key)
			l.queued[key] = false
		}
		return false
	}
	l.taken++
	delete(l.queued, key)
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
		if _, waits := l.queued[key]; !waits {
			continue
		}
		delete(l.queued, key)
		l.places.Insert(key)
		l.taken++
		next = append(next, key)
	}
	l.mu.Unlock()
	for _, key := range next {
		l.enqueue(key)
	}
}
