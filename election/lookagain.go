package election

import (
	"slices"
	"time"
)

// lookAgain is how long until time alone changes what stands once the decision is carried out; zero when it cannot.
//
// It holds the election again at each moment when a min-ready or the grace runs out, instead of reasoning about each rule: so it
// cannot forget one, and nobody is woken for a pod that would not win.
func (b ballot) lookAgain(decision Decision) time.Duration {
	var incumbent Incumbent
	if leader := decision.Leader; leader != nil {
		incumbent = Incumbent{UID: leader.UID, Name: leader.Name, Node: leader.Node}
	}
	moments := b.moments(incumbent.UID)
	if len(moments) == 0 {
		return 0
	}
	settled := b.decide(incumbent)
	for _, moment := range moments {
		later := ballot{rules: b.rules, candidates: b.candidates, now: moment}
		if !settled.sameOutcome(later.decide(incumbent)) {
			return moment.Sub(b.now)
		}
	}
	return 0
}

// moments are the times ahead at which a fit pod becomes eligible or the leader's grace ends, ascending.
func (b ballot) moments(leaderUID string) []time.Time {
	var moments []time.Time
	for i := range b.candidates {
		c := &b.candidates[i]
		switch {
		case c.UID == leaderUID && b.rules.tolerated(c, b.now):
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
	return d.Leader == other.Leader && d.Ready == other.Ready && d.Successor == other.Successor
}
