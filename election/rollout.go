package election

import (
	"slices"
	"time"
)

// proof is how long a pod must have been Ready before a crash is held against it no longer. It is the kubelet's own measure: after
// ten minutes without another it forgets that a container had to be restarted.
const proof = 10 * time.Minute

// announceRollouts announces the outdated pods of each workload of which a pod is there to take over: one that the rollout leaves
// alone, that is eligible, not announced to go itself, and not known to crash (see proven). Until there is one the outdated pods
// are as good as any: a rollout that is stuck moves nobody. leaving is a pod that does not count, because it is about to lead no
// longer; empty for none.
func (b ballot) announceRollouts(leaving string) ballot {
	b.candidates = b.given
	if !b.rolling() {
		return b
	}
	arrived := map[string]bool{}
	for _, c := range b.given {
		if !c.Outdated && c.UID != leaving && c.Announced == NotAnnounced && b.eligible(c) && (!c.Restarted || b.proven(c)) {
			arrived[c.Workload] = true
		}
	}
	b.candidates = slices.Clone(b.given)
	for i := range b.candidates {
		if c := &b.candidates[i]; c.Outdated && c.Announced == NotAnnounced && arrived[c.Workload] {
			c.Announced = AnnouncedRollout
		}
	}
	return b
}

// pulls says whether the pod takes the leadership from a leader of an older revision, or one that carries less of the traffic, that
// still serves. An eligible pod does at once: a Deployment may delete an old pod in the moment in which a new one is Ready. But a revision that is ready for a second and
// dies must not make the leader go to and fro. So a pod has to prove itself first, by being Ready for ten minutes,
//
//   - when its containers have crashed before;
//   - when the leader's own predecessor failed less than ten minutes ago: that may have been the new revision's last try.
//
// Both can be read from what the API holds, so all replicas of Tanist agree on it, and a restart forgets nothing. A leader that a
// rollout does not pull is still followed when it is lost, and by the new revision first.
func (b ballot) pulls(c Candidate, incumbent Incumbent) bool {
	doubted := c.Restarted || incumbent.followsAFailure(b.now)
	return b.eligible(c) && (!doubted || b.proven(c))
}

// proven says whether the pod has been Ready for long enough to forget its past.
func (b ballot) proven(c Candidate) bool {
	return !b.now.Before(c.ReadySince.Add(proof))
}

// followsAFailure says whether the leader before this one failed a short while ago.
func (i Incumbent) followsAFailure(now time.Time) bool {
	return i.Reason.failure() && now.Before(i.Since.Add(proof))
}

// proofs are the times ahead at which a doubt about a pod ends.
func (b ballot) proofs(incumbent Incumbent) []time.Time {
	if !b.rolling() && !b.incomplete() {
		return nil
	}
	var moments []time.Time
	failed := incumbent.followsAFailure(b.now)
	if failed {
		moments = append(moments, incumbent.Since.Add(proof))
	}
	for i := range b.given {
		if c := &b.given[i]; c.Fit() && (failed || c.Restarted) && !b.proven(*c) {
			moments = append(moments, c.ReadySince.Add(proof))
		}
	}
	return moments
}

// rolling says whether there is anything that a rollout replaces.
func (b ballot) rolling() bool {
	return slices.ContainsFunc(b.given, func(c Candidate) bool { return c.Outdated })
}

// incomplete says whether a pod cannot carry all of the Service's traffic.
func (b ballot) incomplete() bool {
	return slices.ContainsFunc(b.given, func(c Candidate) bool { return c.Missing > 0 })
}
