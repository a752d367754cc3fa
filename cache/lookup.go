package cache

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
)

// Want is what a caller needs to know about a Service.
type Want struct {
	// Service is the Service's UID.
	Service types.UID
	// Owners are the UIDs of all its leader Services that there are: two while one takes the other's place.
	Owners []types.UID
	// Slices are the names of the EndpointSlices that the leader Service should have, one per address family.
	Slices []string
}

// Record is what is known about one Service: a copy, but for the objects in its slices.
type Record struct {
	State
	// Successor would follow if the leader went now, as of the last decision; nil when nobody could.
	Successor *election.Candidate
	// Decided says that Successor was decided upon: without it, nobody knows (yet) who would follow.
	Decided bool

	// Slices are the ones that exist, by name.
	Slices map[string]Slice
	// Owners are the UIDs of the leader Services whose slices are ours, earlier ones included.
	Owners []types.UID

	// Foreign is when another replica's commit was last seen; zero when the newest one is ours.
	Foreign time.Time
}

// Lookup returns what is known about a Service. The Miss says why that is not enough to decide upon, so that the caller must read
// live and Refresh; it is empty for a hit.
func (l *Leaders) Lookup(key types.NamespacedName, want Want) (Record, Miss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	l.expect(e, want.Service)
	miss := e.missing(want)
	e.adopt(want)
	l.judge(e)
	l.index(key, e)
	if miss != "" {
		l.metrics.misses.WithLabelValues(string(miss)).Inc()
	} else {
		l.metrics.hits.Inc()
	}
	return e.record(), miss
}

// Meet takes note of a Service that cannot be decided about yet (its leader Service is still to be made, say) and of the leader
// Services that it has, so that who leads is known when it can.
func (l *Leaders) Meet(key types.NamespacedName, service types.UID, owners []types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	l.expect(e, service)
	e.meet(owners)
	l.index(key, e)
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

// OthersAtWork returns when another replica last gave a sign of life: a commit for any Service, seen by the informer before this
// replica knew of it.
func (l *Leaders) OthersAtWork() time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.othersAtWork
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
	e.needed = time.Time{}
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
		if _, ok := e.slices[name]; !ok {
			return MissUnknown
		}
	}
	return ""
}

// judge takes note of what someone else wrote since the last time, and believes what is ours of it. The caller holds mu.
func (l *Leaders) judge(e *entry) {
	for name, slice := range e.slices {
		if slice.settled {
			continue
		}
		slice.settled = true
		e.slices[name] = slice
		e.learn(slice.Slice)
		// What was there before we ever looked is where we start from, not a change.
		if !e.judged {
			continue
		}
		e.foreign = slice.seen
		l.metrics.invalidated(SliceChanged)
	}
	e.inherit()
	e.judged = true
}

// adopt takes over what there is now. The caller holds mu.
func (e *entry) adopt(want Want) {
	e.meet(want.Owners)
	// Slices of an earlier leader Service's name that are gone need not be remembered as such.
	for name, slice := range e.slices {
		if slice.UID == "" && !slices.Contains(want.Slices, name) {
			delete(e.slices, name)
		}
	}
}

// record is a copy of the entry for use without the lock. The caller holds mu.
func (e *entry) record() Record {
	r := Record{
		State: e.head, Successor: e.successor, Decided: e.decided, Slices: make(map[string]Slice, len(e.slices)),
		Owners: slices.Clone(e.owners), Foreign: e.foreign,
	}
	for name, slice := range e.slices {
		if slice.UID != "" {
			r.Slices[name] = slice.Slice
		}
	}
	return r
}
