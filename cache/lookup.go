package cache

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Want says which Service and which slices a caller asks about.
type Want struct {
	// Service is the Service's UID.
	Service types.UID
	// Slices are the names of the leader Service's EndpointSlices, one for each address family.
	Slices []string
}

// Record is what is known about one Service. It is a copy, except for the objects in its slices.
type Record struct {
	// State is who leads according to the last SetState.
	leaderslice.State
	// HighestTerm is the highest term known.
	HighestTerm int64
	// Successor is the successor according to the last decision; nil if no pod can follow.
	Successor *election.Candidate
	// Decided reports whether Successor is known: without a decision since the leader changed, a nil Successor means nothing.
	Decided bool
	// HeldBack is the reason of the move that a pause of the Service holds back; empty for none.
	HeldBack string
	// Slices are the slices that exist, by name.
	Slices map[string]leaderslice.Slice
	// PodsVersion is the newest resourceVersion that the informer has delivered for any of the Service's pods, deletions included.
	PodsVersion string
}

// Lookup adds an entry for an opted-in Service if there is none, returns what is known about the Service, and counts a hit or a miss. Peek
// and PeekComplete change and count nothing. The Miss is empty for a hit. Otherwise it says why the record is not enough to decide from, and the
// caller must read live and call Refresh.
//
// A slice that no informer has delivered counts as one that does not exist. If it exists, the API server refuses the write that creates it.
func (l *Leaders) Lookup(key types.NamespacedName, want Want) (Record, Miss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	l.setService(e, want.Service)
	miss := e.miss(want)
	if miss != "" {
		l.CountMiss(miss)
	} else {
		l.metrics.hits.Inc()
	}
	e.forgetAbsent(want)
	return e.record(), miss
}

// CountMiss counts a miss. Lookup calls it, and so does who reads live for a reason that Lookup cannot know.
func (l *Leaders) CountMiss(miss Miss) {
	l.metrics.misses.WithLabelValues(string(miss)).Inc()
}

// Peek returns what is known about a Service, and whether the cache has an entry for it. It changes and counts nothing.
func (l *Leaders) Peek(key types.NamespacedName) (Record, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	if !ok {
		return Record{}, false
	}
	return e.record(), true
}

// PeekComplete is Peek, but returns false if that is not enough to decide from, or is about a former Service of this name. Unlike Lookup it changes
// and counts nothing, so admission may call it at any time, even while the failover controller works on the same Service.
func (l *Leaders) PeekComplete(key types.NamespacedName, want Want) (Record, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	if !ok || e.serviceUID != want.Service || e.miss(want) != "" {
		return Record{}, false
	}
	return e.record(), true
}

// setService sets the Service's UID. If the entry had another UID, that Service was deleted, and the entry becomes stale. invalidatedAt stays
// as it is: whoever has this UID read the Service after it was re-created, so the next live read is recent enough. The caller holds mu.
func (l *Leaders) setService(e *entry, uid types.UID) {
	if e.serviceUID != "" && e.serviceUID != uid {
		l.metrics.invalidated(ServiceGone)
		e.stale = true
	}
	e.serviceUID = uid
}

// miss returns why an entry is not enough to decide from; empty if it is. The caller holds mu.
func (e *entry) miss(want Want) Miss {
	if e.stale {
		return MissInvalidated
	}
	if e.outdated != "" {
		return MissConflict
	}
	for _, name := range want.Slices {
		if slice := e.slices[name]; slice.UID != "" && slice.State.Term == 0 {
			return MissUnknown // someone damaged it; by now it may say something else
		}
	}
	return ""
}

// forgetAbsent removes slices that do not exist and are not wanted: those of a previous name of the leader Service. The caller holds mu.
func (e *entry) forgetAbsent(want Want) {
	maps.DeleteFunc(e.slices, func(name string, slice knownSlice) bool {
		return slice.UID == "" && !slices.Contains(want.Slices, name)
	})
}

// record copies the entry, for use without the lock. The caller holds mu.
func (e *entry) record() Record {
	r := Record{
		State: e.state, HighestTerm: e.highestTerm, Successor: e.successor, Decided: e.decided, HeldBack: e.heldBack, PodsVersion: e.podsVersion,
		Slices: make(map[string]leaderslice.Slice, len(e.slices)),
	}
	for name, slice := range e.slices {
		if slice.UID != "" {
			r.Slices[name] = slice.Slice
		}
	}
	return r
}
