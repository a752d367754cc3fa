package election

import "time"

// Fit reports whether the pod may be made leader: it serves, and no wish of the user excludes it.
func (c Candidate) Fit() bool {
	return c.serves() && c.Excluded == ""
}

// serves reports whether the pod can carry the Service's traffic now, as a ready endpoint: it is Ready, is not terminating and has no
// problem.
func (c Candidate) serves() bool {
	return c.Ready && !c.Terminating && c.Problem == ""
}

// Eligible reports whether the pod may take over from a leader that still stands: it is fit, and has been Ready for its min-ready.
//
// Without a min-ready, the time is ignored: a kubelet whose clock is ahead reports pods that become ready in the future.
func (r Rules) Eligible(c Candidate, now time.Time) bool {
	return c.Fit() && (r.minReady(&c) <= 0 || !now.Before(r.eligibleFrom(&c)))
}

// minReady returns how long this pod must have been Ready.
func (r Rules) minReady(c *Candidate) time.Duration {
	if c.Unprobed {
		return max(r.MinReady, r.MinReadyUnprobed)
	}
	return r.MinReady
}

// eligibleFrom returns the time at which a fit pod has been Ready for its min-ready.
func (r Rules) eligibleFrom(c *Candidate) time.Time {
	return c.ReadySince.Add(r.minReady(c))
}

// stands reports whether the incumbent's pod is still a leader: it serves, for however short a time, or says so although Kubernetes does not see it,
// or its lost readiness is within the grace. A nil holder does not stand. A leader that is excluded stands: it serves, and there may be nobody else.
func (r Rules) stands(holder *Candidate, now time.Time) bool {
	return holder != nil && (holder.serves() || holder.servesOutOfSight() || r.withinGrace(holder, now))
}

// withinGrace reports whether the leader's lost readiness is within the grace. A loss that its kubelet dates further into the future
// than the grace is not: a wrong clock must not keep a dead leader for longer than twice the grace.
func (r Rules) withinGrace(holder *Candidate, now time.Time) bool {
	if holder.Ready || holder.Terminating || holder.Problem != "" {
		return false
	}
	return now.Sub(holder.ReadySince).Abs() < r.NotReadyGrace
}

// graceEnds returns the time at which the grace of a lost readiness ends.
func (r Rules) graceEnds(holder *Candidate) time.Time {
	return holder.ReadySince.Add(r.NotReadyGrace)
}

// servesWhileTerminating reports whether the pod terminates but still answers. kube-proxy sends it traffic while no endpoint is ready.
func (c Candidate) servesWhileTerminating() bool {
	return c.Terminating && c.Ready && c.Problem == ""
}
