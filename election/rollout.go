package election

import (
	"slices"
	"time"
)

// probation is how long a pod must have been Ready before an earlier crash no longer counts against it. It is the kubelet's own measure:
// after ten minutes without another crash, the kubelet resets the back-off of a container's restarts.
const probation = 10 * time.Minute

// announceRollouts announces the outdated pods of each workload that has a pod to take over. Such a pod is not replaced by the rollout,
// is eligible and not announced to go, and has not crashed or is past its probation. Until there is one, the outdated pods are as good
// as any: a rollout that is stuck moves nobody. The pod with the UID leaving does not count, because it is about to lose the
// leadership; empty for none.
func (e evaluation) announceRollouts(leaving string) evaluation {
	e.candidates = e.given
	if !e.rollsOut() {
		return e
	}
	arrived := map[string]bool{}
	for _, c := range e.given {
		if !c.Outdated && c.UID != leaving && c.Announced == NotAnnounced && e.eligible(c) && (!c.Restarted || e.pastProbation(c)) {
			arrived[c.Workload] = true
		}
	}
	e.candidates = slices.Clone(e.given)
	for i := range e.candidates {
		if c := &e.candidates[i]; c.Outdated && c.Announced == NotAnnounced && arrived[c.Workload] {
			c.Announced = AnnouncedRollout
		}
	}
	return e
}

// displaces reports whether the pod may take the leadership from a leader that still serves, but has an older revision or carries less
// of the traffic.
//
// An eligible pod usually does so immediately: a Deployment may delete an old pod as soon as a new one is Ready. But a revision that
// is ready for a second and then crashes must not move the leadership back and forth. So a pod is on probation first, until it has been
// Ready for ten minutes,
//
//   - if its containers have crashed before;
//   - if the leader's predecessor failed less than ten minutes ago: that pod may have had the new revision.
//
// Both are read from the API, so all replicas of Tanist agree, and a restart of Tanist loses nothing. If the leader is lost, a pod on
// probation may still follow it, and the new revision comes first.
func (e evaluation) displaces(c Candidate, incumbent Incumbent) bool {
	onProbation := c.Restarted || incumbent.followsAFailure(e.now)
	return e.eligible(c) && (!onProbation || e.pastProbation(c))
}

// pastProbation reports whether the pod has been Ready for so long that an earlier crash no longer counts.
func (e evaluation) pastProbation(c Candidate) bool {
	return !e.now.Before(c.ReadySince.Add(probation))
}

// followsAFailure reports whether the leader before this one failed within the last ten minutes.
func (i Incumbent) followsAFailure(now time.Time) bool {
	return i.Reason.failure() && now.Before(i.Since.Add(probation))
}

// probationEnds returns the future times at which a pod's probation ends.
func (e evaluation) probationEnds(incumbent Incumbent) []time.Time {
	if e.rules.Sticky && !e.rollsOut() && !e.incomplete() {
		return nil
	}
	var dueTimes []time.Time
	failed := incumbent.followsAFailure(e.now)
	if failed {
		dueTimes = append(dueTimes, incumbent.Since.Add(probation))
	}
	for i := range e.given {
		if c := &e.given[i]; c.Fit() && (failed || c.Restarted) && !e.pastProbation(*c) {
			dueTimes = append(dueTimes, c.ReadySince.Add(probation))
		}
	}
	return dueTimes
}

// rollsOut reports whether a rollout replaces any of the pods.
func (e evaluation) rollsOut() bool {
	return slices.ContainsFunc(e.given, func(c Candidate) bool { return c.Outdated })
}

// incomplete reports whether any pod cannot carry all of the Service's traffic.
func (e evaluation) incomplete() bool {
	return slices.ContainsFunc(e.given, func(c Candidate) bool { return c.Missing > 0 })
}
