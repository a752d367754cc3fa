package election

import "time"

// Fit says whether the pod can carry the Service's traffic now, as a ready endpoint: it is Ready, not terminating, and nothing is
// in its way. Only a fit pod is ever made leader.
func (c Candidate) Fit() bool {
	return c.Ready && !c.Terminating && c.Problem == ""
}

// Eligible says whether the pod may take over from a leader that still stands: it is fit and has been Ready for its min-ready.
//
// Without a min-ready the time is not looked at: a kubelet whose clock is ahead says that its pods become ready in the future.
func (r Rules) Eligible(c Candidate, now time.Time) bool {
	return c.Fit() && (r.minReady(&c) <= 0 || !now.Before(r.eligibleFrom(&c)))
}

// minReady is how long this pod must have been Ready.
func (r Rules) minReady(c *Candidate) time.Duration {
	if c.Unprobed {
		return max(r.MinReady, r.MinReadyUnprobed)
	}
	return r.MinReady
}

// eligibleFrom is when a fit pod has been Ready for its min-ready.
func (r Rules) eligibleFrom(c *Candidate) time.Time {
	return c.ReadySince.Add(r.minReady(c))
}

// stands says whether the incumbent's pod is still a leader: fit, for however short a time, or within the grace of a lost
// readiness. A nil holder does not stand.
func (r Rules) stands(holder *Candidate, now time.Time) bool {
	return holder != nil && (holder.Fit() || r.tolerated(holder, now))
}

// tolerated says whether the leader's lost readiness is within the grace. A loss that its kubelet dates further into the future
// than the grace is not: a wrong clock must not keep a dead leader for longer than twice the grace.
func (r Rules) tolerated(holder *Candidate, now time.Time) bool {
	if holder.Ready || holder.Terminating || holder.Problem != "" {
		return false
	}
	return now.Sub(holder.ReadySince).Abs() < r.NotReadyGrace
}

// graceEnds is when a lost readiness is no longer tolerated.
func (r Rules) graceEnds(holder *Candidate) time.Time {
	return holder.ReadySince.Add(r.NotReadyGrace)
}

// lingers says whether the pod terminates but still answers: kube-proxy sends it traffic while no endpoint is ready.
func (c Candidate) lingers() bool {
	return c.Terminating && c.Serving && c.Problem == ""
}
