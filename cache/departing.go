package cache

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// departing are pods that are about to go although their objects do not say so yet.
type departing struct {
	mu sync.RWMutex
	// until is when each pod's departure is taken for refused: added by Depart, removed by Departed or, once it is past, by a sweep.
	until map[types.UID]time.Time
	// sweepAt is the number of pods at which those that are past are swept out: twice as many as the last sweep left, so that a
	// namespace of ten thousand pods is deleted at a constant cost for each.
	sweepAt int
}

// sweepAtLeast is the least number of pods that are swept.
const sweepAtLeast = 64

// Depart takes note that a pod is about to go, until the given time: it should not be made leader meanwhile if another can be. When
// several pods are deleted by one request, the successor of the first may be the next.
func (l *Leaders) Depart(pod types.UID, now, until time.Time) {
	d := &l.departing
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until == nil {
		d.until = map[types.UID]time.Time{}
	}
	if len(d.until) >= max(d.sweepAt, sweepAtLeast) {
		maps.DeleteFunc(d.until, func(_ types.UID, end time.Time) bool { return !now.Before(end) })
		d.sweepAt = 2 * len(d.until)
	}
	d.until[pod] = until
}

// Departed takes note that a pod is gone, or seen to be going: what its own object says counts from now on.
func (l *Leaders) Departed(pod types.UID) {
	l.departing.mu.Lock()
	defer l.departing.mu.Unlock()
	delete(l.departing.until, pod)
}

// Departing says whether a pod is about to go.
func (l *Leaders) Departing(pod types.UID, now time.Time) bool {
	l.departing.mu.RLock()
	defer l.departing.mu.RUnlock()
	return now.Before(l.departing.until[pod])
}
