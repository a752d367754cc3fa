package failover

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// maxObservedCandidates is how many pods that could follow are told to the observer. It asks only the first of them.
const maxObservedCandidates = 5

// VerdictChanged decides a Service anew, because an observer has come to another verdict on its leader.
func (c *Controller) VerdictChanged(key types.NamespacedName) {
	c.triggers.Record(key, time.Now())
	c.enqueueAfter(key, 0)
}

// observe tells the observer what to watch for a Service, and reports a verdict that moves nobody. It returns after how long such a verdict
// is to be reported; zero if there is none.
func (c *Controller) observe(key types.NamespacedName, in input, p plan, decided, now time.Time) time.Duration {
	if c.observer == nil {
		return 0
	}
	c.observer.Set(key, observed(in, p, decided))
	leader := p.decision.Leader
	suspected := leader != nil && !p.decision.Move && leader.Lost != ""
	age := c.suspicions.age(key, suspected, now)
	if suspected && age < suspicionDelay {
		return suspicionDelay - age
	}
	var warnings []notify.Warning
	if suspected {
		warnings = append(warnings, notify.Warning{
			Object: in.source, Related: in.leaderService, Reason: notify.ReasonLossSuspected, Action: notify.ActionElect,
			Note: fmt.Sprintf("%s seems to be lost (%s) and stays the leader, because no other pod that is ready has answered", leader.Name, leader.Lost),
		})
	}
	notify.Emit(c.recorder, c.doubtWarnings.Filter(key, warnings))
	return 0
}

// unobserve ends the watch of a Service about which there is nothing to decide.
func (c *Controller) unobserve(key types.NamespacedName) {
	if c.observer != nil {
		c.observer.Forget(key)
	}
	c.suspicions.age(key, false, time.Time{})
	c.doubtWarnings.Filter(key, nil)
}

// observed returns what to watch for a Service once the plan is written.
func observed(in input, p plan, now time.Time) observe.Service {
	s := observe.Service{
		LossAfter: in.options.LossAfterOr(in.tuning), FreezeAfter: in.options.FreezeAfter, ProbePods: in.options.ProbePods,
	}
	leader := p.decision.Leader
	if leader != nil && !leader.Terminating {
		s.Leader = in.observedPod(leader.UID)
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
func (in input) observedPod(uid string) *observe.Pod {
	pod := in.pod(types.UID(uid))
	if pod == nil {
		return nil
	}
	return &observe.Pod{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Probe: store.ProbeOf(pod)}
}
