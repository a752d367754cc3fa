package cache

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Leaders is the leader cache. Its keys are source Services, never leader Services. It is safe for concurrent use.
type Leaders struct {
	metrics *metrics

	// mu guards all fields below except departing. No API call is made under it, and no election, except for one: TakePrepared calls its
	// outcome under it, and that decides again if the departure was not authenticated.
	mu sync.RWMutex
	// entries has an entry for each opted-in Service (removed by Forget) and for each Service that one of Tanist's slices names (removed by
	// ObserveDeletion). Lookup and Observe add most of them. Committed, Refresh, NeededSince and BehindSince add one that is missing.
	entries map[types.NamespacedName]*entry
	// othersCommitted is when an informer last delivered a version of a slice in each namespace that this replica did not know, or a write was
	// refused because of one. Mostly that is another replica's commit. It has the namespaces of the entries.
	othersCommitted map[string]time.Time
	// inNamespace is how many entries each namespace has.
	inNamespace map[string]int
	// ledBy has the Services that each pod leads. The key is the pod's name, because the request of an eviction need not say a UID.
	// updateLedBy keeps it in step with the entries' states.
	ledBy map[types.NamespacedName]sets.Set[types.NamespacedName]
	// departing has the pods whose departure was admitted. It has a lock of its own.
	departing departing
}

// entry is what is known of one Service.
type entry struct {
	// serviceUID is the source Service's UID; empty while only slices are known.
	serviceUID types.UID
	// slices are the slices that were observed, written or read, by name. A slice that is known not to exist stays here without a UID. Its
	// ResourceVersion is that of the deletion, if an informer has delivered it.
	slices map[string]knownSlice
	// state is who leads, and highestTerm the highest term known.
	state       leaderslice.State
	highestTerm int64
	// podsVersion is the newest resourceVersion that the informer has delivered for any of the Service's pods, deletions included.
	podsVersion string

	// successor is the successor according to the last decision; nil if no pod can follow. decided reports whether there was a decision since the leader changed.
	successor *election.Candidate
	decided   bool
	// heldBack is the reason of the move that a pause of the Service holds back according to the last decision; empty for none.
	heldBack string
	// prepared is the hand-over that admission has prepared; nil for none.
	prepared *Prepared
	// admitted is the leader whose departure admission last saw on this replica. It stays when prepared is used or
	// dropped: a leader that is deleted later did pass admission, and does not count as unadmitted.
	admitted types.UID
	// ledByName is the leader's name under which ledBy has this entry; empty for none.
	ledByName string

	// stale makes every Lookup miss until a live read that began after invalidatedAt has ended. Invalidate and setService set it.
	// invalidatedAt is when Invalidate did so last.
	stale         bool
	invalidatedAt time.Time
	// outdated is the name of a slice of which this replica's last write was refused; empty for none. It makes every Lookup miss until something
	// newer is known of that slice (see Outdated).
	outdated string
	// writing says that this replica is writing a slice of the Service, and has no answer yet.
	writing bool
	// commitNeededSince is when this replica first found that a commit is needed that no replica has made yet. behindSince is when it first
	// found that it had not seen enough to decide. Each is zero if that is not the case.
	commitNeededSince, behindSince time.Time
}

// knownSlice is a version of a slice, and when this replica learnt of it.
type knownSlice struct {
	leaderslice.Slice
	since time.Time
}

// New returns an empty cache. It implements prometheus.Collector for its metrics.
func New() *Leaders {
	return &Leaders{
		metrics: newMetrics(), entries: map[types.NamespacedName]*entry{},
		ledBy: map[types.NamespacedName]sets.Set[types.NamespacedName]{}, othersCommitted: map[string]time.Time{}, inNamespace: map[string]int{},
	}
}

// getOrCreateEntry returns the entry of a Service, and creates it if there is none. The caller holds mu.
func (l *Leaders) getOrCreateEntry(key types.NamespacedName) *entry {
	e, ok := l.entries[key]
	if !ok {
		e = &entry{slices: map[string]knownSlice{}}
		l.entries[key] = e
		l.inNamespace[key.Namespace]++
	}
	return e
}

// removeIfEmpty removes an entry that has neither an opted-in Service nor a slice. The caller holds mu.
func (l *Leaders) removeIfEmpty(key types.NamespacedName, e *entry) {
	if e.serviceUID != "" {
		return
	}
	for _, slice := range e.slices {
		if slice.UID != "" {
			return
		}
	}
	l.remove(key, e)
}

// remove removes an entry, and the leader's from ledBy. A prepared hand-over is counted as stale. The caller holds mu.
func (l *Leaders) remove(key types.NamespacedName, e *entry) {
	l.dropPrepared(e, OutcomeStale)
	e.state = leaderslice.State{}
	l.updateLedBy(key, e)
	delete(l.entries, key)
	if l.inNamespace[key.Namespace]--; l.inNamespace[key.Namespace] == 0 {
		delete(l.inNamespace, key.Namespace)
		delete(l.othersCommitted, key.Namespace)
	}
}

// Forget removes all that is known of a Service that is gone or no longer has a leader Service. That is safe: if it opts in again while its
// slices still exist, the first write is a create, the API server refuses it, and the live read that follows finds them.
func (l *Leaders) Forget(key types.NamespacedName, why Invalidation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	l.remove(key, e)
	if e.serviceUID != "" {
		l.metrics.invalidated(why)
	}
}

// Invalidate makes every Lookup of a Service miss until a live read that begins after now. A read that is already under way does not count.
// The entry stays, because it has the highest term.
func (l *Leaders) Invalidate(key types.NamespacedName, why Invalidation, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.serviceUID == "" {
		return
	}
	e.stale, e.invalidatedAt = true, now
	e.successor, e.decided = nil, false
	l.dropPrepared(e, OutcomeStale)
	l.metrics.invalidated(why)
}

// updateLedBy brings ledBy in step with an entry's state. Whoever changes the state calls it, and holds mu.
func (l *Leaders) updateLedBy(key types.NamespacedName, e *entry) {
	leader := e.state.Leader.Name
	if leader == e.ledByName {
		return
	}
	if pod := (types.NamespacedName{Namespace: key.Namespace, Name: e.ledByName}); e.ledByName != "" {
		l.ledBy[pod].Delete(key)
		if len(l.ledBy[pod]) == 0 {
			delete(l.ledBy, pod)
		}
	}
	if leader != "" {
		pod := types.NamespacedName{Namespace: key.Namespace, Name: leader}
		if l.ledBy[pod] == nil {
			l.ledBy[pod] = sets.New[types.NamespacedName]()
		}
		l.ledBy[pod].Insert(key)
	}
	e.ledByName = leader
}
