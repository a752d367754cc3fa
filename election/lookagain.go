package election

import (
	"slices"
	"time"
)

// lookAgain is how long until time alone changes what stands once the decision is carried out; zero when it cannot.
//
// It holds the election again at each moment when a min-ready, the grace or a doubt runs out, instead of reasoning about each rule:
// so it cannot forget one, and nobody is woken for a pod that would not win.
func (b ballot) lookAgain(decision Decision, incumbent Incumbent) time.Duration {
	incumbent = decision.incumbent(incumbent, b.now)
	moments := b.moments(incumbent)
	if len(moments) == 0 {
		return 0
	}
	settled := b.decide(incumbent)
	for _, moment := range moments {
		later := newBallot(b.rules, b.given, moment)
		if !settled.sameOutcome(later.decide(incumbent)) {
			return moment.Sub(b.now)
		}
	}
	return 0
}

// moments are the times ahead at which a fit pod becomes eligible, the leader's grace ends or a doubt does, ascending.
func (b ballot) moments(incumbent Incumbent) []time.Time {
	moments := b.proofs(incumbent)
	for i := range b.candidates {
		c := &b.candidates[i]
		switch {
		case c.UID == incumbent.UID && b.rules.tolerated(c, b.now):
			moments = append(moments, b.rules.graceEnds(c))
		case c.Fit() && !b.eligible(*c):
			moments = append(moments, b.rules.eligibleFrom(c))
		}
	}
	slices.SortFunc(moments, time.Time.Compare)
	return slices.CompactFunc(moments, time.Time.Equal)
}

// sameOutcome says whether two decisions put the same pods in the same places.
func (d Decision) sameOutcome(other Decision) bool {
	return sameCandidate(d.Leader, other.Leader) && d.Ready == other.Ready && sameCandidate(d.Successor, other.Successor)
}

func sameCandidate(a, b *Candidate) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UID == b.UID
}
