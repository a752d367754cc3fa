package cache

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Want is what a caller needs to know about a Service.
type Want struct {
	// Service is the Service's UID.
	Service types.UID
	// Slices are the names of the EndpointSlices that the leader Service should have, one per address family.
	Slices []string
}

// Record is what is known about one Service: a copy, but for the objects in its slices.
type Record struct {
	// State is who led when the Service was last decided about.
	leaderslice.State
	// Highest is the highest term ever believed.
	Highest int64
	// Successor would follow if the leader went now, as of the last decision; nil when nobody could.
	Successor *election.Candidate
	// Decided says that Successor was decided upon: without it, nobody knows (yet) who would follow.
	Decided bool
	// Slices are the ones that exist, by name.
	Slices map[string]leaderslice.Slice
	// Pods is the newest version of a pod of the Service that an informer delivered.
	Pods string
}

// Lookup returns what is known about a Service. The Miss says why that is not enough to decide upon, so that the caller must read
// live and Refresh; it is empty for a hit. A slice that no informer has delivered does not exist: should it do so all the same, the
// write that creates it is refused.
func (l *Leaders) Lookup(key types.NamespacedName, want Want) (Record, Miss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	l.expect(e, want.Service)
	miss := e.missing(want)
	if miss != "" {
		l.metrics.misses.WithLabelValues(string(miss)).Inc()
	} else {
		l.metrics.hits.Inc()
	}
	e.forgetAbsent(want)
	return e.record(), miss
}

// Peek returns what is known about a Service and whether it has an entry. Nothing is counted, and nothing is taken note of.
func (l *Leaders) Peek(key types.NamespacedName) (Record, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	if !ok {
		return Record{}, false
	}
	return e.record(), true
}

// Warm returns what is known about a Service, and false when that is not enough to decide upon. Unlike Lookup it changes nothing
// and counts nothing, so that admission may ask at any time, also while the reconciler is at work on the same Service.
func (l *Leaders) Warm(key types.NamespacedName, want Want) (Record, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	if !ok || e.service != want.Service || e.missing(want) != "" {
		return Record{}, false
	}
	return e.record(), true
}

// Conflicted counts a miss that only the API server could tell: a commit was refused because someone else's came first.
func (l *Leaders) Conflicted() {
	l.metrics.misses.WithLabelValues(string(MissConflict)).Inc()
}

// Needed returns since when a commit for this Service has been known to be needed; that is now for the first caller since Settled.
func (l *Leaders) Needed(key types.NamespacedName, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	if e.needed.IsZero() {
		e.needed = now
	}
	return e.needed
}

// Behind returns since when this replica has known that it has not seen enough to decide about a Service; that is now for the first
// caller since Settled.
func (l *Leaders) Behind(key types.NamespacedName, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	if e.behind.IsZero() {
		e.behind = now
	}
	return e.behind
}

// OthersCommitted returns when a slice last changed, of any Service, that this replica did not change.
func (l *Leaders) OthersCommitted() time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.othersCommitted
}

// Settled takes note that nothing needs to be committed (any longer), and who would follow. It reports whether that is another pod,
// by its name, than was known.
func (l *Leaders) Settled(key types.NamespacedName, successor *election.Candidate) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return false
	}
	changed = !e.decided || nameOf(e.successor) != nameOf(successor)
	e.needed, e.behind = time.Time{}, time.Time{}
	e.successor, e.decided = successor, true
	return changed
}

// nameOf is empty for nobody.
func nameOf(candidate *election.Candidate) string {
	if candidate == nil {
		return ""
	}
	return candidate.Name
}

// expect takes over the Service's UID. Another than before is another Service. The caller holds mu.
func (l *Leaders) expect(e *entry, service types.UID) {
	if e.service != "" && e.service != service {
		l.metrics.invalidated(ServiceGone)
		e.stale = true
	}
	e.service = service
}

// missing says why an entry is not enough. The caller holds mu.
func (e *entry) missing(want Want) Miss {
	if e.stale {
		return MissInvalidated
	}
	for _, name := range want.Slices {
		if slice := e.slices[name]; slice.UID != "" && slice.State.Term == 0 {
			return MissUnknown // someone damaged it: what it says now may not be what it will
		}
	}
	return ""
}

// forgetAbsent drops slices that do not exist and that nobody asks for: those of an earlier name of the leader Service. The caller
// holds mu.
func (e *entry) forgetAbsent(want Want) {
	maps.DeleteFunc(e.slices, func(name string, slice known) bool {
		return slice.UID == "" && !slices.Contains(want.Slices, name)
	})
}

// record is a copy of the entry for use without the lock. The caller holds mu.
func (e *entry) record() Record {
	r := Record{
		State: e.state, Highest: e.highest, Successor: e.successor, Decided: e.decided, Pods: e.pods,
		Slices: make(map[string]leaderslice.Slice, len(e.slices)),
	}
	for name, slice := range e.slices {
		if slice.UID != "" {
			r.Slices[name] = slice.Slice
		}
	}
	return r
}
