package planner

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// evictionByAPI is the reason of the condition DisruptionTarget that an eviction writes. Nothing that writes another reason (preemption,
// taints, garbage collection) calls admission first.
const evictionByAPI = "EvictionByEvictionAPI"

// Preparable reports whether a plan is for a departure that admission could have prepared.
func (in Input) Preparable(p Plan) bool {
	if !p.Decision.Move {
		return false
	}
	switch election.Reason(p.After.Reason) {
	case election.ReasonLeaderDeleted:
		return true
	case election.ReasonLeaderDisrupted:
		old := in.Pod(p.Before.Leader.UID)
		if old == nil {
			return false
		}
		condition := store.PodCondition(old, corev1.DisruptionTarget)
		return condition != nil && condition.Reason == evictionByAPI
	default:
		return false
	}
}
