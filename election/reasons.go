package election

// The reasons, from the leader's loss to the want of one. They are written on the EndpointSlice and label metrics: stable.
const (
	// ReasonFirstLeader is a Service that nobody led: a new one, or one that had no candidate.
	ReasonFirstLeader Reason = "FirstLeader"

	// ReasonLeaderGone is a leader that is no longer among the pods: force-deleted, failed, finished, or no longer selected.
	ReasonLeaderGone Reason = "LeaderGone"
	// ReasonLeaderDeleted is a leader whose deletion has begun.
	ReasonLeaderDeleted Reason = "LeaderDeleted"
	// ReasonLeaderNotReady is a leader that lost its readiness for longer than the grace.
	ReasonLeaderNotReady Reason = "LeaderNotReady"
	// ReasonLeaderUnfit is a leader that can no longer carry any of the Service's traffic (Candidate.Problem).
	ReasonLeaderUnfit Reason = "LeaderUnfit"

	// ReasonLeaderDisrupted is a leader with the condition DisruptionTarget.
	ReasonLeaderDisrupted Reason = "LeaderDisrupted"
	// ReasonNodeGoing is a leader whose node is about to go.
	ReasonNodeGoing Reason = "NodeGoing"
	// ReasonRollout is a leader that its workload's rollout replaces.
	ReasonRollout Reason = "Rollout"
	// ReasonScaleDown is a leader that is beyond its workload's number of replicas.
	ReasonScaleDown Reason = "ScaleDown"

	// ReasonRunsToCompletion is a leader that runs to completion and gives way to a pod that does not.
	ReasonRunsToCompletion Reason = "RunsToCompletion"
	// ReasonLeaderIncomplete is a leader that gives way to a pod that carries more of the Service's ports and address families.
	ReasonLeaderIncomplete Reason = "LeaderIncomplete"

	// ReasonPreferred is the preferred pod taking over from a healthy leader.
	ReasonPreferred Reason = "Preferred"
	// ReasonBetterCandidate is a better pod taking over from a healthy leader of a Service that is not sticky.
	ReasonBetterCandidate Reason = "BetterCandidate"

	// ReasonLastResort is a leader that keeps the traffic although it terminates, because nobody else is ready.
	ReasonLastResort Reason = "LastResort"
	// ReasonNoCandidate is a Service that nobody can lead.
	ReasonNoCandidate Reason = "NoCandidate"
)

// Reasons returns every Reason that a Decision may carry, for whoever needs the whole set (metrics start at zero).
func Reasons() []Reason {
	return []Reason{
		ReasonFirstLeader,
		ReasonLeaderGone, ReasonLeaderDeleted, ReasonLeaderNotReady, ReasonLeaderUnfit,
		ReasonLeaderDisrupted, ReasonNodeGoing, ReasonRollout, ReasonScaleDown,
		ReasonRunsToCompletion, ReasonLeaderIncomplete,
		ReasonPreferred, ReasonBetterCandidate,
		ReasonLastResort, ReasonNoCandidate,
	}
}

// reasonForLoss names why an incumbent that does not stand lost its place. holder is its pod, nil when there is none.
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

// reason names a hand-over that an announcement caused.
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

// Loss says whether the reason is that the Service has no leader that stands, as opposed to a voluntary move: one from a leader that
// could have stayed. A leader that is lost cannot be kept, so acting upon a loss cannot undo what another replica decided.
func (r Reason) Loss() bool {
	switch r {
	case ReasonFirstLeader, ReasonLeaderGone, ReasonLeaderDeleted, ReasonLeaderNotReady, ReasonLeaderUnfit, ReasonLastResort, ReasonNoCandidate:
		return true
	default:
		return false
	}
}

// failure says whether the reason is the loss of a leader that nobody took away: it crashed, or stopped answering.
func (r Reason) failure() bool {
	return r == ReasonLeaderGone || r == ReasonLeaderNotReady || r == ReasonLeaderUnfit
}
