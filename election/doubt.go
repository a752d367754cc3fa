package election

// trusted reports whether nobody doubts that the pod lives: no observer believes that it is lost, and no such verdict has moved the
// leadership away from it not long ago.
func (c Candidate) trusted() bool { return c.Lost == "" && !c.Marked }

// relief returns who takes over from a leader that an observer believes to be lost: a pod that is fit, trusted, and was heard a moment ago.
// It returns nil if the leader is not lost, or no such pod exists.
func (e evaluation) relief(holder *Candidate) *Candidate {
	if holder.Lost == "" {
		return nil
	}
	return e.nextOf(holder.UID, holder.Node, func(c Candidate) bool { return c.trusted() && c.Heard })
}

// outOfSight reports whether a leader that is not ready may only seem so, because Kubernetes no longer hears from its node.
func (c Candidate) outOfSight() bool { return c.NodeUnknown && !c.Ready && c.Problem == "" }

// servesOutOfSight reports whether such a leader says itself that it is ready.
func (c Candidate) servesOutOfSight() bool { return c.outOfSight() && c.SaysReady && !c.Terminating }

// KeptOutOfSight reports whether the leader stays although its pod is not ready: Kubernetes has lost sight of its node, and the pod says itself that it
// is ready, or no other pod is fit.
func (d Decision) KeptOutOfSight() bool {
	return d.Leader != nil && !d.Move && d.Leader.outOfSight() && d.Ready
}
