package cache

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// SetState records who leads a Service, as its slices say or as this replica has just written them, and raises its highest term to the
// given one. It ignores a Service without an entry.
func (l *Leaders) SetState(key types.NamespacedName, state leaderslice.State, highest int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	if e.state.Leader.UID != state.Leader.UID {
		e.successor, e.decided = nil, false // chosen to follow the previous leader
	}
	e.state, e.highestTerm = state, max(e.highestTerm, highest)
	l.updateLedBy(key, e)
}

// Decided records the successor in a Service, and that nothing is left for this replica to commit. It reports whether the
// successor's name has changed, or was not known: this is the first decision since the leader changed or the entry was invalidated.
func (l *Leaders) Decided(key types.NamespacedName, successor *election.Candidate) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return false
	}
	changed = !e.decided || nameOf(e.successor) != nameOf(successor)
	e.commitNeededSince, e.behindSince = time.Time{}, time.Time{}
	e.successor, e.decided = successor, true
	return changed
}

// SetHeldBack records the reason of the move that a pause of a Service holds back; empty for none. It ignores a Service without an entry.
func (l *Leaders) SetHeldBack(key types.NamespacedName, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok {
		e.heldBack = reason
	}
}

// nameOf returns a candidate's name; empty for none.
func nameOf(candidate *election.Candidate) string {
	if candidate == nil {
		return ""
	}
	return candidate.Name
}

// NeededSince returns the time at which this replica first found that a Service needs a commit that no replica has made yet: the time of
// the first call after Decided.
func (l *Leaders) NeededSince(key types.NamespacedName, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	if e.commitNeededSince.IsZero() {
		e.commitNeededSince = now
	}
	return e.commitNeededSince
}

// BehindSince returns the time at which this replica first found that it had not seen enough to decide about a Service: the time of the
// first call after Decided.
func (l *Leaders) BehindSince(key types.NamespacedName, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	if e.behindSince.IsZero() {
		e.behindSince = now
	}
	return e.behindSince
}

// OthersCommitted returns the time at which an informer last delivered a version of any Service's slice in a namespace that this replica did not
// know, or a write of this replica was refused because of one. Mostly that is another replica's commit.
func (l *Leaders) OthersCommitted(namespace string) time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.othersCommitted[namespace]
}
