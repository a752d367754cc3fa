package failover

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// pendingTriggers remembers when the event arrived for which a Service waits to be reconciled, because a work queue only carries the
// Service's name. The duration of a hand-over is measured from that time.
type pendingTriggers struct {
	mu sync.Mutex
	// at has an entry for a Service from its event until the reconciliation takes it.
	at map[types.NamespacedName]time.Time
}

func newPendingTriggers() *pendingTriggers {
	return &pendingTriggers{at: map[types.NamespacedName]time.Time{}}
}

// record records the arrival of an event. Of several that wait, the first one counts.
func (t *pendingTriggers) record(key types.NamespacedName, arrived time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if earlier, waiting := t.at[key]; !waiting || arrived.Before(earlier) {
		t.at[key] = arrived
	}
}

// take returns the arrival and forgets it. It returns zero when none waits.
func (t *pendingTriggers) take(key types.NamespacedName) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	arrived := t.at[key]
	delete(t.at, key)
	return arrived
}

// restore records an arrival again, for a reconciliation that has to be repeated. Zero is ignored.
func (t *pendingTriggers) restore(key types.NamespacedName, arrived time.Time) {
	if !arrived.IsZero() {
		t.record(key, arrived)
	}
}
