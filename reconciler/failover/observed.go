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
	c.triggers.record(key, time.Now())
	c.enqueueAfter(key, 0)
}

// observe tells the observer what to watch for a Service, and reports a verdict that moves nobody.
func (c *Controller) observe(key types.NamespacedName, in input, p plan, now time.Time) {
	if c.observer == nil {
		return
	}
	c.observer.Set(key, observed(in, p, now))
	var warnings []notify.Warning
	if leader := p.decision.Leader; leader != nil && !p.decision.Move && leader.Lost != "" {
		warnings = append(warnings, notify.Warning{
			Object: in.source, Related: in.leaderService, Reason: notify.ReasonLossSuspected, Action: notify.ActionElect,
			Note: fmt.Sprintf("%s seems to be lost (%s) and stays the leader, because no other pod that is ready has answered", leader.Name, leader.Lost),
		})
	}
	notify.Emit(c.recorder, c.doubtWarnings.Filter(key, warnings))
}

// observed returns what to watch for a Service once the plan is written.
func observed(in input, p plan, now time.Time) observe.Service {
	s := observe.Service{
		LossAfter: in.options.LossAfterOr(in.tuning), FreezeAfter: in.options.FreezeAfter, ProbePods: in.options.ProbePods,
	}
	leader := p.decision.Leader
	if leader != nil && !leader.Terminating {
		s.Leader = in.observedPod(leader)
	}
	add := func(c *election.Candidate) {
		if pod := in.observedPod(c); pod != nil && len(s.Candidates) < maxObservedCandidates {
			s.Candidates = append(s.Candidates, *pod)
		}
	}
	if p.decision.Successor != nil {
		add(p.decision.Successor)
	}
	for i := range p.candidates {
		c := &p.candidates[i]
		isLeader := leader != nil && c.UID == leader.UID
		if p.decision.Successor != nil && c.UID == p.decision.Successor.UID || isLeader {
			continue
		}
		if c.Fit() && !c.Marked {
			add(c)
		}
	}
	for _, mark := range p.losses.Current(now).Marks {
		if pod := in.pod(mark.Pod); pod != nil {
			s.Marked = append(s.Marked, observe.Pod{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Probe: store.ProbeOf(pod)})
		}
	}
	return s
}

// observedPod returns what the observer has to know of a candidate; nil if its pod is not known.
func (in input) observedPod(c *election.Candidate) *observe.Pod {
	pod := in.pod(types.UID(c.UID))
	if pod == nil {
		return nil
	}
	return &observe.Pod{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Probe: store.ProbeOf(pod)}
}
