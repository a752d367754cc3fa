package election

import (
	"slices"
	"time"
)

// requeueAfter returns after how long time alone changes the outcome, once the decision has been committed. It returns zero if time
// changes nothing.
//
// It decides again at each time when a min-ready, the grace or a probation ends, instead of reasoning about each rule. So it cannot
// forget a rule, and causes no reconciliation for a pod that would not win.
func (e evaluation) requeueAfter(decision Decision, incumbent Incumbent) time.Duration {
	incumbent = decision.incumbent(incumbent, e.now)
	dueTimes := e.dueTimes(incumbent)
	if len(dueTimes) == 0 {
		return 0
	}
	settled := e.decide(incumbent)
	for _, moment := range dueTimes {
		later := newEvaluation(e.rules, e.given, moment)
		if !settled.sameOutcome(later.decide(incumbent)) {
			return moment.Sub(e.now)
		}
	}
	return 0
}

// dueTimes returns the future times at which a fit pod becomes eligible, the leader's grace ends or a probation ends, in order.
func (e evaluation) dueTimes(incumbent Incumbent) []time.Time {
	dueTimes := e.probationEnds(incumbent)
	for i := range e.candidates {
		c := &e.candidates[i]
		switch {
		case c.UID == incumbent.UID && e.rules.withinGrace(c, e.now):
			dueTimes = append(dueTimes, e.rules.graceEnds(c))
		case c.Fit() && !e.eligible(*c):
			dueTimes = append(dueTimes, e.rules.eligibleFrom(c))
		}
	}
	slices.SortFunc(dueTimes, time.Time.Compare)
	return slices.CompactFunc(dueTimes, time.Time.Equal)
}

// sameOutcome reports whether two decisions have the same leader, readiness and successor, and hold back the same move.
func (d Decision) sameOutcome(other Decision) bool {
	return sameCandidate(d.Leader, other.Leader) && d.Ready == other.Ready && sameCandidate(d.Successor, other.Successor) &&
		sameCandidate(d.HeldBack, other.HeldBack) && d.HeldBackReason == other.HeldBackReason
}

func sameCandidate(a, b *Candidate) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UID == b.UID
}
