package election

// The reasons. They are written to the EndpointSlice and label metrics, so they are stable.
const (
	// ReasonFirstLeader is a Service that had no leader: a new one, or one that had no candidate.
	ReasonFirstLeader Reason = "FirstLeader"

	// ReasonLeaderGone is a leader that is no longer among the pods: force-deleted, failed, finished, or no longer selected.
	ReasonLeaderGone Reason = "LeaderGone"
	// ReasonLeaderDeleted is a leader whose deletion has begun.
	ReasonLeaderDeleted Reason = "LeaderDeleted"
	// ReasonLeaderNotReady is a leader that lost its readiness for longer than the grace.
	ReasonLeaderNotReady Reason = "LeaderNotReady"
	// ReasonLeaderUnfit is a leader that can no longer carry any of the Service's traffic (Candidate.Problem).
	ReasonLeaderUnfit Reason = "LeaderUnfit"

	// ReasonLeaseHolder is a leader that gives way to the pod that the application has elected: the Lease that the Service follows has
	// another holder.
	ReasonLeaseHolder Reason = "LeaseHolder"

	// ReasonNodeLost is a leader whose node has fallen silent, ReasonLeaderFrozen one whose process does not answer although its kernel
	// does, and ReasonLeaderCrashed one whose process no longer listens. The API does not say so yet (see Candidate.Lost).
	ReasonNodeLost      Reason = "NodeLost"
	ReasonLeaderFrozen  Reason = "LeaderFrozen"
	ReasonLeaderCrashed Reason = "LeaderCrashed"

	// ReasonLeaderDisrupted is a leader with the condition DisruptionTarget.
	ReasonLeaderDisrupted Reason = "LeaderDisrupted"
	// ReasonNodeGoing is a leader whose node is about to be drained or removed.
	ReasonNodeGoing Reason = "NodeGoing"
	// ReasonRollout is a leader that its workload's rollout replaces.
	ReasonRollout Reason = "Rollout"
	// ReasonScaleDown is a leader that exceeds its workload's number of replicas.
	ReasonScaleDown Reason = "ScaleDown"

	// ReasonRunsToCompletion is a leader that runs to completion and gives way to a pod that does not.
	ReasonRunsToCompletion Reason = "RunsToCompletion"
	// ReasonLeaderIncomplete is a leader that gives way to a pod that carries more of the Service's ports and address families.
	ReasonLeaderIncomplete Reason = "LeaderIncomplete"

	// ReasonLeaderExcluded is a leader that the user no longer wants to lead (Candidate.Excluded), and that gives way to a pod that may.
	ReasonLeaderExcluded Reason = "LeaderExcluded"

	// ReasonPreferred is the preferred pod taking over from a healthy leader.
	ReasonPreferred Reason = "Preferred"
	// ReasonBetterCandidate is a better pod taking over from a healthy leader of a Service that is not sticky.
	ReasonBetterCandidate Reason = "BetterCandidate"

	// ReasonLastResort is a leader that keeps the traffic although it terminates, because nobody else is ready. It is no move.
	ReasonLastResort Reason = "LastResort"
	// ReasonNoCandidate is a Service that nobody can lead.
	ReasonNoCandidate Reason = "NoCandidate"
)

// Reasons returns every Reason for which a Decision moves the leadership. Metrics initialise their series from it.
func Reasons() []Reason {
	return []Reason{
		ReasonFirstLeader,
		ReasonLeaderGone, ReasonLeaderDeleted, ReasonLeaderNotReady, ReasonLeaderUnfit, ReasonLeaseHolder,
		ReasonNodeLost, ReasonLeaderFrozen, ReasonLeaderCrashed,
		ReasonLeaderDisrupted, ReasonNodeGoing, ReasonRollout, ReasonScaleDown,
		ReasonRunsToCompletion, ReasonLeaderIncomplete, ReasonLeaderExcluded,
		ReasonPreferred, ReasonBetterCandidate,
		ReasonNoCandidate,
	}
}

// reasonForLoss returns why an incumbent that does not stand lost the leadership. holder is its pod, nil if there is none.
func reasonForLoss(incumbent Incumbent, holder *Candidate) Reason {
	switch {
	case incumbent.UID == "":
		return ReasonFirstLeader
	case holder == nil:
		return ReasonLeaderGone
	case holder.Terminating:
		return ReasonLeaderDeleted
	case holder.Problem != "":
		return ReasonLeaderUnfit
	default:
		return ReasonLeaderNotReady
	}
}

// reason returns the reason of a hand-over that the announcement caused.
func (a Announcement) reason() Reason {
	switch a {
	case AnnouncedRollout:
		return ReasonRollout
	case AnnouncedNode:
		return ReasonNodeGoing
	case AnnouncedScaleDown:
		return ReasonScaleDown
	default:
		return ReasonLeaderDisrupted
	}
}

// Loss reports whether the reason is that the Service has no leader that stands. Every other reason is a voluntary move, from a leader
// that could have stayed. A lost leader cannot be kept, so acting on a loss cannot undo what another replica decided.
func (r Reason) Loss() bool {
	switch r {
	case ReasonFirstLeader, ReasonLeaderGone, ReasonLeaderDeleted, ReasonLeaderNotReady, ReasonLeaderUnfit, ReasonLeaseHolder,
		ReasonLastResort, ReasonNoCandidate:
		return true
	default:
		return r.Verdict()
	}
}

// Verdict reports whether the reason is what an observer believes (see Candidate.Lost).
func (r Reason) Verdict() bool {
	return r == ReasonNodeLost || r == ReasonLeaderFrozen || r == ReasonLeaderCrashed
}

// OldLeaderStays reports whether the reason is one for which the old leader keeps serving, and nobody is deleting it yet: connections may stay
// on it. A pod with the condition DisruptionTarget is being evicted already. One whose application has elected another pod is a loss only in
// that every replica acts on it.
func (r Reason) OldLeaderStays() bool {
	return r == ReasonLeaseHolder || r != "" && !r.Loss() && r != ReasonLeaderDisrupted
}

// failure reports whether the leader was lost although nobody deleted it: it crashed, or stopped answering.
func (r Reason) failure() bool {
	switch r {
	case ReasonLeaderGone, ReasonLeaderNotReady, ReasonLeaderUnfit, ReasonLeaderFrozen, ReasonLeaderCrashed:
		return true
	default: // also a lost node, which says nothing about the pod's revision
		return false
	}
}
