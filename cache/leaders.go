package cache

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Leaders is the leader cache. Its keys are the Services that have a leader Service, not the leader Services.
type Leaders struct {
	metrics *metrics

	// mu guards entries and all they hold; no API call and no election is made under it.
	mu sync.RWMutex
	// entries has one for each opted-in Service (added by Lookup, removed by Forget) and for each Service that a slice of ours
	// names (added by Observe, removed by Gone).
	entries map[types.NamespacedName]*entry
	// othersCommitted is when a slice last changed that this replica did not change.
	othersCommitted time.Time
	// ledBy finds the Services that a pod leads, by the pod's namespace and name: admission knows no more of an eviction's pod. It
	// follows the entries' states (see index).
	ledBy map[types.NamespacedName]map[types.NamespacedName]bool
	// departing are the pods whose departure was admitted (see departing.go).
	departing departing
}

// entry is what is known of one Service.
type entry struct {
	// service is the UID; empty while only slices are known.
	service types.UID
	// slices are those that were observed, written or read, by name. One that is known not to exist has no UID, and the version as
	// of which it is known.
	slices map[string]known
	// state is who leads, and highest the highest term ever believed of the Service.
	state   leaderslice.State
	highest int64
	// pods is the newest version of a pod of the Service that an informer delivered.
	pods string

	// successor is who follows by the last decision; decided says that there was one since the leader changed.
	successor *election.Candidate
	decided   bool
	// prepared is the hand-over that admission has prepared; nil when none is.
	prepared *Prepared
	// admitted is the leader whose departure was prepared for last; it outlasts what is prepared.
	admitted types.UID
	// indexed is the leader's name that ledBy has for this entry; empty when it has none.
	indexed string

	// stale says that the next Lookup must miss, and invalidated when Invalidate last asked for that.
	stale       bool
	invalidated time.Time
	// needed is since when a commit is needed that is left to another replica, and behind since when this replica knows that it has
	// not seen enough to decide; zero when not.
	needed, behind time.Time
}

// known is a slice, and when it arrived.
type known struct {
	leaderslice.Slice
	seen time.Time
}

// New returns an empty cache. It is a prometheus.Collector of its own metrics.
func New() *Leaders {
	return &Leaders{
		metrics: newMetrics(), entries: map[types.NamespacedName]*entry{},
		ledBy: map[types.NamespacedName]map[types.NamespacedName]bool{},
	}
}

// entry returns the entry of a Service, a new one when there is none. The caller holds mu.
func (l *Leaders) entry(key types.NamespacedName) *entry {
	e, ok := l.entries[key]
	if !ok {
		e = &entry{slices: map[string]known{}}
		l.entries[key] = e
	}
	return e
}

// dropIfEmpty removes an entry that nothing keeps: no opted-in Service and no slice. The caller holds mu.
func (l *Leaders) dropIfEmpty(key types.NamespacedName, e *entry) {
	if e.service != "" {
		return
	}
	for _, slice := range e.slices {
		if slice.UID != "" {
			return
		}
	}
	l.remove(key, e)
}

// remove takes an entry out with all that refers to it. The caller holds mu.
func (l *Leaders) remove(key types.NamespacedName, e *entry) {
	l.discard(e, OutcomeStale)
	e.state = leaderslice.State{}
	l.index(key, e)
	delete(l.entries, key)
}

// Forget drops all that is known of a Service: it is gone, or has no leader Service any longer. Slices that are still there are found
// again by the write that would create them.
func (l *Leaders) Forget(key types.NamespacedName, why Invalidation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	l.remove(key, e)
	if e.service != "" {
		l.metrics.invalidated(why)
	}
}

// Invalidate makes the next Lookup of a Service miss, also when a live read that is under way ends before it. What is known stays, as
// the memory of the term.
func (l *Leaders) Invalidate(key types.NamespacedName, why Invalidation, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.service == "" {
		return
	}
	e.stale, e.invalidated = true, now
	e.successor, e.decided = nil, false
	l.discard(e, OutcomeStale)
	l.metrics.invalidated(why)
}

// index makes ledBy follow an entry's state. The caller holds mu, and calls it after whatever may change the state.
func (l *Leaders) index(key types.NamespacedName, e *entry) {
	leader := e.state.Leader.Name
	if leader == e.indexed {
		return
	}
	if pod := (types.NamespacedName{Namespace: key.Namespace, Name: e.indexed}); e.indexed != "" {
		delete(l.ledBy[pod], key)
		if len(l.ledBy[pod]) == 0 {
			delete(l.ledBy, pod)
		}
	}
	if leader != "" {
		pod := types.NamespacedName{Namespace: key.Namespace, Name: leader}
		if l.ledBy[pod] == nil {
			l.ledBy[pod] = map[types.NamespacedName]bool{}
		}
		l.ledBy[pod][key] = true
	}
	e.indexed = leader
}
