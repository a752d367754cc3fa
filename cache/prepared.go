package cache

import (
	"maps"
	"slices"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Departure is a deletion or an eviction of a pod, as admission sees it.
type Departure struct {
	Namespace, Name string
	// UID is empty if the request does not say which pod of this name it means: an eviction without a precondition.
	UID types.UID
	// Eviction distinguishes an eviction from a deletion. An eviction first sets a condition on the pod, and may wait for a disruption
	// budget.
	Eviction bool
	// User is the name of the user who asks.
	User string
	// Unauthenticated means that nothing proves that the API server asks: anybody may have made it up.
	Unauthenticated bool
	// TraceParent identifies the span of its admission, as W3C's Trace Context writes it; empty without traces.
	TraceParent string
}

// Handover is the hand-over that a departure leads to in one Service that the pod leads.
type Handover struct {
	Service types.NamespacedName
	// Successor is the name of the pod that will lead; empty if no pod can follow.
	Successor string
}

// Prepared is a hand-over that was decided when the leader's departure was admitted. It is committed when the leader is seen to leave.
type Prepared struct {
	// Leaving is the leader, Successor the pod that follows, and SuccessorVersion the successor's resourceVersion at the decision.
	Leaving, Successor types.UID
	SuccessorVersion   string
	// SuccessorDeparting means that admission had seen the successor's own departure before: nobody better could follow.
	SuccessorDeparting bool
	// Before is who leads, After who will lead.
	Before, After leaderslice.State
	// Writes are the commit: one for each slice that changes, the primary address family's first. Whoever takes the Prepared may modify
	// them.
	Writes []Write
	// Announced means that the condition DisruptionTarget is enough to see that the leader leaves.
	Announced bool
	// AtOnce means that the commit does not wait until the leader is seen to leave.
	AtOnce bool
	// By is the user who asked for the departure; empty if nothing proves it.
	By string
	// Unauthenticated means that the departure was. Whoever commits the hand-over first makes sure that it would decide the same.
	Unauthenticated bool
	// Expires is when the departure counts as refused.
	Expires time.Time
	// At is when it was prepared, and TraceParent the departure's.
	At          time.Time
	TraceParent string
}

// Write is one slice that is to be created or updated.
type Write struct {
	Desired *discoveryv1.EndpointSlice
	// Current is the slice at the decision; nil if it did not exist.
	Current *discoveryv1.EndpointSlice
}

// LedBy returns the Services that the pod of this name leads.
func (l *Leaders) LedBy(pod types.NamespacedName) []types.NamespacedName {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Collect(maps.Keys(l.ledBy[pod]))
}

// Prepare keeps a prepared hand-over, and replaces a previous one. One for the same leader is not counted as superseded: one request may be
// admitted several times, and a deletion may follow an eviction. The newest decision counts. However, a hand-over whose departure was not
// authenticated does not replace one whose departure was.
func (l *Leaders) Prepare(key types.NamespacedName, prepared Prepared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	if prepared.Unauthenticated && e.prepared != nil && !e.prepared.Unauthenticated {
		return
	}
	if e.prepared != nil && e.prepared.Leaving != prepared.Leaving {
		l.dropPrepared(e, OutcomeSuperseded)
	}
	e.prepared, e.admitted = &prepared, prepared.Leaving
}

// Admitted records that admission has seen the departure of this leader and nothing could be prepared. Prepare records it as well.
func (l *Leaders) Admitted(key types.NamespacedName, leaving types.UID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok {
		e.admitted = leaving
	}
}

// WasAdmitted reports whether admission has seen the departure of this leader on this replica, also after what was prepared for it has been
// used or dropped.
func (l *Leaders) WasAdmitted(key types.NamespacedName, leaving types.UID) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	return ok && leaving != "" && e.admitted == leaving
}

// HasPrepared reports whether a hand-over of a Service is prepared.
func (l *Leaders) HasPrepared(key types.NamespacedName) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	return ok && e.prepared != nil
}

// ExpirePrepared drops the prepared hand-over of a Service if it has expired. Otherwise it returns how long it still lasts, or
// zero if there is none.
func (l *Leaders) ExpirePrepared(key types.NamespacedName, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.prepared == nil {
		return 0
	}
	if left := e.prepared.Expires.Sub(now); left > 0 {
		return left
	}
	l.dropPrepared(e, OutcomeExpired)
	return 0
}

// TakePrepared removes and returns the prepared hand-over of a Service, with what is known of the Service, if outcome returns OutcomeUsed.
// The caller then commits it and calls CountPrepared. If outcome returns "", or the entry is not enough to decide from, the hand-over stays
// prepared. Any other outcome drops it. outcome is called with the cache locked, so it must call nothing of the cache except Departing, which
// has a lock of its own, and should be quick.
func (l *Leaders) TakePrepared(key types.NamespacedName, want Want, outcome func(Record, *Prepared) Outcome) (*Prepared, Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.prepared == nil || e.serviceUID != want.Service || e.miss(want) != "" {
		return nil, Record{}
	}
	record, prepared := e.record(), e.prepared
	switch now := outcome(record, prepared); now {
	case "":
		return nil, Record{}
	case OutcomeUsed:
		e.prepared = nil
		return prepared, record
	default:
		l.dropPrepared(e, now)
		return nil, Record{}
	}
}

// CountPrepared counts the outcome of a hand-over that was taken.
func (l *Leaders) CountPrepared(outcome Outcome) {
	l.metrics.prepared.WithLabelValues(string(outcome)).Inc()
}

// dropPrepared drops the prepared hand-over, if there is one, and counts the outcome. The caller holds mu.
func (l *Leaders) dropPrepared(e *entry, outcome Outcome) {
	if e.prepared == nil {
		return
	}
	e.prepared = nil
	l.CountPrepared(outcome)
}
