package explain

import "github.com/tanist-dev/tanist/election"

// ReasonText says why the leadership changed. It is empty for a reason that this version does not know.
func ReasonText(reason election.Reason) string {
	return reasonTexts[reason]
}

// reasonTexts say why the leadership changed.
var reasonTexts = map[election.Reason]string{
	election.ReasonFirstLeader:      "no pod led before",
	election.ReasonLeaderGone:       "the pod before it is gone: deleted with force, failed, finished, or no longer selected",
	election.ReasonLeaderDeleted:    "the deletion of the pod before it began",
	election.ReasonLeaderNotReady:   "the pod before it was no longer ready",
	election.ReasonLeaderUnfit:      "the pod before it could no longer take any of the traffic",
	election.ReasonLeaseHolder:      "the application elected it: it took the Lease that the Service follows",
	election.ReasonNodeLost:         "the node of the pod before it fell silent",
	election.ReasonLeaderFrozen:     "the process of the pod before it did not answer",
	election.ReasonLeaderCrashed:    "the process of the pod before it no longer listened",
	election.ReasonLeaderDisrupted:  "the pod before it was about to be evicted, preempted or deleted",
	election.ReasonNodeGoing:        "the node of the pod before it was cordoned, about to be removed or shutting down",
	election.ReasonRollout:          "the rollout of its workload was about to replace the pod before it",
	election.ReasonScaleDown:        "its StatefulSet was about to delete the pod before it",
	election.ReasonRunsToCompletion: "the pod before it runs to completion",
	election.ReasonLeaderIncomplete: "the pod before it could take less of the traffic",
	election.ReasonLeaderExcluded:   "the pod before it should no longer lead: its annotation, a condition or its workload says so",
	election.ReasonPreferred:        "it was the preferred leader",
	election.ReasonBetterCandidate:  "it came before the leader, and the Service is not sticky",
	election.ReasonNoCandidate:      "no pod can lead",
}
