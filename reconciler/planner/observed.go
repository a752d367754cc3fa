package planner

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// maxObservedCandidates is how many pods that could follow are told to the observer. It asks only the first of them.
const maxObservedCandidates = 5

// Observed returns what to watch for a Service once the plan is written.
func Observed(in Input, p Plan, now time.Time) observe.Service {
	if in.Options.FollowLease != "" {
		return observe.Service{} // no verdict moves the leader
	}
	s := observe.Service{
		LossAfter: in.Options.LossAfterOr(in.Tuning), FreezeAfter: in.Options.FreezeAfter, ProbePods: in.Options.ProbePods,
	}
	leader := p.Decision.Leader
	if leader != nil && !leader.Terminating {
		s.Leader, s.LeaderOutOfSight = in.observedPod(leader.UID), p.Decision.KeptOutOfSight()
		for _, c := range election.Successors(in.rules(), p.candidates, *leader, now, maxObservedCandidates) {
			if pod := in.observedPod(c.UID); pod != nil && !c.Marked {
				s.Candidates = append(s.Candidates, *pod)
			}
		}
	}
	for _, mark := range p.losses.Current(now).Marks {
		if pod := in.observedPod(string(mark.Pod)); pod != nil {
			s.Marked = append(s.Marked, *pod)
		}
	}
	return s
}

// observedPod returns what the observer has to know of a pod; nil if the pod is not known.
func (in Input) observedPod(uid string) *observe.Pod {
	pod := in.Pod(types.UID(uid))
	if pod == nil {
		return nil
	}
	return &observe.Pod{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Probe: store.ProbeOf(pod)}
}
