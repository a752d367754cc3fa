package failover

import (
	"errors"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// deferral decides whether the holder of the Lease lets other replicas go first with a departure that it has not prepared itself.
//
// The API server calls admission on one replica, and keeps its connection to it for hours. That replica has the commit ready. When it is
// not the holder of the Lease, both would commit at the same moment. One of the two writes would be wasted work for the API server, at the
// worst time. So a conflict makes the holder wait like the other replicas. If no other replica commits meanwhile, it goes first again:
// admission is not called, or not installed.
type deferral struct {
	afterOthers atomic.Bool
}

// yields reports whether another replica seems to be the one that the API server calls.
func (d *deferral) yields() bool {
	return d.afterOthers.Load()
}

// observe records how the holder's own commit of a departure ended.
func (d *deferral) observe(err error) {
	switch {
	case errors.Is(err, errOutdated):
		d.afterOthers.Store(true)
	case err == nil:
		d.afterOthers.Store(false)
	}
}

// evictionByAPI is the reason of the condition DisruptionTarget that an eviction writes. Nothing that writes another reason (preemption,
// taints, garbage collection) calls admission first.
const evictionByAPI = "EvictionByEvictionAPI"

// preparable reports whether a plan is for a departure that admission could have prepared.
func (in input) preparable(p plan) bool {
	if !p.decision.Move {
		return false
	}
	switch election.Reason(p.after.Reason) {
	case election.ReasonLeaderDeleted:
		return true
	case election.ReasonLeaderDisrupted:
		leaving := in.pod(p.before.Leader.UID)
		if leaving == nil {
			return false
		}
		condition := store.PodCondition(leaving, corev1.DisruptionTarget)
		return condition != nil && condition.Reason == evictionByAPI
	default:
		return false
	}
}
