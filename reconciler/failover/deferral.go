package failover

import (
	"errors"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// deferral is whether the holder of the Lease lets others go first with a departure that it has not prepared itself. The API
// server calls admission on one replica and keeps its connection to it for hours. That replica has the commit ready; when it is
// not the holder of the Lease, both would commit at the same moment, and one of the two writes would be wasted work for the API
// server, at the worst time. So a conflict makes the holder wait like everybody else, and the first time that it waits in vain
// makes it go first again: admission is not called, or not there.
type deferral struct {
	afterOthers atomic.Bool
}

// yields says whether another replica seems to be the one that admission calls.
func (p *deferral) yields() bool {
	return p.afterOthers.Load()
}

// learn takes in how the holder's own commit of a departure ended.
func (p *deferral) learn(err error) {
	switch {
	case errors.Is(err, errOutdated):
		p.afterOthers.Store(true)
	case err == nil:
		p.afterOthers.Store(false)
	}
}

// evictionByAPI is the reason of the condition DisruptionTarget that an eviction writes. The others (preemption, taints, garbage
// collection) have no admission before they write it.
const evictionByAPI = "EvictionByEvictionAPI"

// admissible reports whether a plan is for a departure that admission could have prepared.
func (s input) admissible(plan plan) bool {
	if !plan.decision.Move {
		return false
	}
	switch election.Reason(plan.after.Reason) {
	case election.ReasonLeaderDeleted:
		return true
	case election.ReasonLeaderDisrupted:
		leaving := s.pod(plan.before.Leader.UID)
		if leaving == nil {
			return false
		}
		condition := store.PodCondition(leaving, corev1.DisruptionTarget)
		return condition != nil && condition.Reason == evictionByAPI
	default:
		return false
	}
}
