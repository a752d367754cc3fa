package cache

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
)

// Leaders is the leader cache. Its keys are the Services that have a leader Service, not the leader Services.
type Leaders struct {
	metrics *metrics

	// mu guards entries and all they hold; no API call and no election is made under it.
	mu sync.RWMutex
	// entries has one for each opted-in Service (added by Lookup, removed by Forget) and for each Service that a slice of ours
	// names (added by Observe, removed by Gone).
	entries map[types.NamespacedName]*entry
	// othersAtWork is when news of any slice last arrived.
	othersAtWork time.Time
	// ledBy finds the Services that a pod leads, by the pod's namespace and name: admission knows no more of an eviction's pod. It
	// follows the entries' heads (see index).
	ledBy map[types.NamespacedName]map[types.NamespacedName]bool
	// departing are the pods whose departure was admitted, by UID, each until its moment: added by Depart, removed by Departed and,
	// once it is past, by the next Depart.
	departing map[types.UID]time.Time
}

// entry is what is known of one Service.
type entry struct {
	// service is the UID; empty while only slices are known.
	service types.UID
	// owners are the UIDs of leader Services: of those that there are, and of earlier ones that a slice still belongs to (one may
	// have been renamed, or deleted and made again). Slices of other owners are not ours.
	owners []types.UID

	// head is the newest state that an intact slice of ours ever said; it outlives the slices.
	head State
	// slices are keyed by name. A slice that is not here is unknown; one that is known not to exist has no UID, and the version up to
	// which news of it is old.
	slices map[string]known

	// successor is who follows by the last decision; decided says that there was one since the entry was made or invalidated.
	successor *election.Candidate
	decided   bool
	// prepared is the hand-over that admission has prepared; nil when none is. Whatever makes it worthless removes it.
	prepared *Prepared
	// indexed is the leader's name that ledBy has for this entry; empty when it has none.
	indexed string

	// stale says that the next Lookup must miss.
	stale bool
	// judged says that the slices known at the first Lookup were taken note of.
	judged bool
	// needed is when a commit was first seen to be needed and was left to another replica; zero when none is.
	needed time.Time
	// foreign is when another's commit was last seen; zero when the last one is ours.
	foreign time.Time
}

// known is a slice, and where we have it from.
type known struct {
	Slice
	// seen is when it arrived.
	seen time.Time
	// settled is true for our own commit, and for another's once Lookup has taken note of it. Noting it only there, and not when
	// the event arrives, keeps an event that overtakes the answer to our own patch from being taken for another's commit: the
	// reconciler looks up and commits one Service in one goroutine at a time.
	settled bool
}

// New returns an empty cache. It is a prometheus.Collector of its own metrics.
func New() *Leaders {
	return &Leaders{
		metrics: newMetrics(), entries: map[types.NamespacedName]*entry{},
		ledBy: map[types.NamespacedName]map[types.NamespacedName]bool{}, departing: map[types.UID]time.Time{},
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
	e.head = State{}
	l.index(key, e)
	delete(l.entries, key)
}

// learn believes what a slice says when it is ours and intact. The caller holds mu.
func (e *entry) learn(slice Slice) {
	if !e.owns(slice) || !slice.Intact {
		return
	}
	before := e.head.Leader.UID
	e.head = e.head.Follow(slice.State)
	if e.head.Leader.UID != before {
		e.successor, e.decided = nil, false // decided upon for the leader before
	}
}

// owns reports whether a slice belongs to a leader Service of ours. The caller holds mu.
func (e *entry) owns(slice Slice) bool {
	return slice.Owner != "" && slices.Contains(e.owners, slice.Owner)
}

// meet takes note of the leader Services that there are, and believes their slices. The caller holds mu.
func (e *entry) meet(owners []types.UID) {
	known := slices.Clone(owners)
	for _, slice := range e.slices {
		if e.owns(slice.Slice) && !slices.Contains(known, slice.Owner) {
			known = append(known, slice.Owner)
		}
	}
	e.owners = known
	for _, slice := range e.slices {
		e.learn(slice.Slice)
	}
	e.inherit()
}

// inherit believes slices of an owner that is not known when there is nothing else to believe: someone may have deleted the leader
// Service just before this replica started, and then its slices are all that is left of the term. They are still not ours.
func (e *entry) inherit() {
	if e.head != (State{}) {
		return
	}
	for _, slice := range e.slices {
		if slice.Owner != "" && slice.Intact {
			e.head = e.head.Follow(slice.State)
		}
	}
}

// Forget drops all that is known of a Service: it is gone, or has no leader Service any longer.
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

// Invalidate makes the next Lookup of a Service miss. What is known stays, as the memory of who led and of the term.
func (l *Leaders) Invalidate(key types.NamespacedName, why Invalidation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.service == "" {
		return // the first Lookup misses in any case
	}
	e.stale = true
	e.successor, e.decided = nil, false
	l.discard(e, OutcomeStale)
	l.metrics.invalidated(why)
}
