package cache

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// departing has the pods whose departure was admitted and whose deletion is not seen yet.
type departing struct {
	mu sync.RWMutex
	// until is when each pod's departure counts as refused. DepartureAdmitted adds a pod, DepartureSeen removes it, and a sweep removes those
	// whose time has passed.
	until map[types.UID]time.Time
	// sweepAt is the number of pods at which the next sweep takes place: twice as many as the previous sweep left. So the deletion of all ten
	// thousand pods of a namespace costs the same for each of them.
	sweepAt int
}

// minSweep is the number of pods below which no sweep takes place.
const minSweep = 64

// DepartureAdmitted records that a pod is about to be deleted or evicted. Until the given time it should become leader only if no other pod
// can: if one request deletes several pods, the successor of the first may be deleted next.
func (l *Leaders) DepartureAdmitted(pod types.UID, now, until time.Time) {
	d := &l.departing
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.until == nil {
		d.until = map[types.UID]time.Time{}
	}
	if len(d.until) >= max(d.sweepAt, minSweep) {
		maps.DeleteFunc(d.until, func(_ types.UID, end time.Time) bool { return !now.Before(end) })
		d.sweepAt = 2 * len(d.until)
	}
	d.until[pod] = until
}

// DepartureSeen records that a pod is gone or terminating. From then on, the object alone counts.
func (l *Leaders) DepartureSeen(pod types.UID) {
	l.departing.mu.Lock()
	defer l.departing.mu.Unlock()
	delete(l.departing.until, pod)
}

// Departing reports whether a pod's departure was admitted and may still begin.
func (l *Leaders) Departing(pod types.UID, now time.Time) bool { return l.DepartingFor(pod, now) > 0 }

// DepartingFor returns for how long a pod's departure that was admitted may still begin; zero if there is none.
func (l *Leaders) DepartingFor(pod types.UID, now time.Time) time.Duration {
	l.departing.mu.RLock()
	defer l.departing.mu.RUnlock()
	return max(l.departing.until[pod].Sub(now), 0)
}
