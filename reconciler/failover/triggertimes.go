package failover

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// triggerTimes remember when the event arrived that a Service is waiting to be reconciled for: a work queue only carries its name. The
// time is what a hand-over is measured from.
type triggerTimes struct {
	mu sync.Mutex
	// at has an entry from the event until the reconciliation takes it.
	at map[types.NamespacedName]time.Time
}

func newTriggerTimes() *triggerTimes {
	return &triggerTimes{at: map[types.NamespacedName]time.Time{}}
}

// note remembers an arrival; of several that are waiting the first one counts.
func (c *triggerTimes) note(key types.NamespacedName, arrived time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if earlier, waiting := c.at[key]; !waiting || arrived.Before(earlier) {
		c.at[key] = arrived
	}
}

// take returns the arrival and forgets it; zero when none is waiting.
func (c *triggerTimes) take(key types.NamespacedName) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	arrived := c.at[key]
	delete(c.at, key)
	return arrived
}

// putBack is for a reconciliation that has to be done again.
func (c *triggerTimes) putBack(key types.NamespacedName, arrived time.Time) {
	if !arrived.IsZero() {
		c.note(key, arrived)
	}
}
