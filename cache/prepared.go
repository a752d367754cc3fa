package cache

import (
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Departure is a pod that the API server is about to mark as terminating, as admission sees it.
type Departure struct {
	Namespace, Name string
	// UID is empty when the request does not say which pod of this name it means (an eviction without a precondition).
	UID types.UID
	// Eviction tells an eviction from a deletion. It announces itself by a condition first, and may wait for a disruption budget.
	Eviction bool
}

// Succession is what a departure means for one Service that the pod leads.
type Succession struct {
	Service types.NamespacedName
	// Successor is the name of the pod that will lead; empty when nobody can follow.
	Successor string
}

// Prepared is a hand-over that was decided when the leader's departure was admitted, ready to be committed once it leaves.
type Prepared struct {
	// Leaving is the leader, Successor the pod that follows, SuccessorVersion the resourceVersion of it that was decided upon.
	Leaving, Successor types.UID
	SuccessorVersion   string
	// Before and After are who leads and who will.
	Before, After leaderslice.State
	// Writes are the commit, one for each slice that it changes, the primary address family's first. They belong to whoever takes the
	// Prepared.
	Writes []Write
	// Announced says that the condition DisruptionTarget is enough of a sign that the leader leaves.
	Announced bool
	// AtOnce asks for the commit without waiting for any sign.
	AtOnce bool
	// Expires is when the departure is taken for refused.
	Expires time.Time
}

// Write is one slice that does not say what it should.
type Write struct {
	Desired *discoveryv1.EndpointSlice
	// Current is the version that was decided upon; nil when the slice does not exist.
	Current *discoveryv1.EndpointSlice
}

// LedBy returns the Services that a pod of this name leads.
func (l *Leaders) LedBy(pod types.NamespacedName) []types.NamespacedName {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var led []types.NamespacedName
	for key := range l.ledBy[pod] {
		led = append(led, key)
	}
	return led
}

// Prepare keeps a prepared succession, in place of an earlier one. One request may be admitted several times: preparing the same
// again only makes it last longer.
func (l *Leaders) Prepare(key types.NamespacedName, prepared Prepared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	if e.prepared == nil || e.prepared.Leaving != prepared.Leaving {
		l.discard(e, OutcomeSuperseded)
	}
	e.prepared, e.admitted = &prepared, prepared.Leaving
}

// Admitted reports whether a succession was prepared for the departure of this leader, whatever became of it since.
func (l *Leaders) Admitted(key types.NamespacedName, leaving types.UID) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	return ok && leaving != "" && e.admitted == leaving
}

// ExpirePrepared drops what is prepared for a Service when it has expired, and returns how long what is left lasts; zero when nothing
// is.
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
	l.discard(e, OutcomeExpired)
	return 0
}

// TakePrepared hands out the prepared hand-over, and what is known of the Service, when judge answers OutcomeUsed; the caller commits it
// and then says what became of it with Became. Any other outcome drops it, and none leaves it where it is, as does an entry that
// is not enough to decide upon. judge must not call back.
func (l *Leaders) TakePrepared(key types.NamespacedName, want Want, judge func(Record, *Prepared) Outcome) (*Prepared, Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.prepared == nil || e.service != want.Service || e.missing(want) != "" {
		return nil, Record{}
	}
	record, prepared := e.record(), e.prepared
	switch outcome := judge(record, prepared); outcome {
	case "":
		return nil, Record{}
	case OutcomeUsed:
		e.prepared = nil
		return prepared, record
	default:
		l.discard(e, outcome)
		return nil, Record{}
	}
}

// Became counts what became of a succession that was taken.
func (l *Leaders) Became(outcome Outcome) {
	l.metrics.prepared.WithLabelValues(string(outcome)).Inc()
}

// discard drops what is prepared, and counts what became of it. The caller holds mu.
func (l *Leaders) discard(e *entry, outcome Outcome) {
	if e.prepared == nil {
		return
	}
	e.prepared = nil
	l.Became(outcome)
}
