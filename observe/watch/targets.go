package watch

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
)

// targets are what a replica watches.
type targets struct {
	// nodes has the Services led from each node.
	nodes map[string][]types.NamespacedName
	pods  map[types.UID]*podTarget
}

// podTarget is a pod to watch.
type podTarget struct {
	observe.Pod
	// leads are the Services that the pod leads. A pod with a mark may lead none.
	leads []types.NamespacedName
	// freezeAfter is the shortest silence that any of these Services acts upon; zero if none does.
	freezeAfter time.Duration
}

// choose returns what a replica watches: the nodes of all leaders and of those who would follow, except its own, a few more for reference,
// the processes of the leaders that fall to it or are out of sight, and the pods that must be heard before they may lead again.
func choose(services map[types.NamespacedName]*observe.Service, in surroundings) targets {
	all := targets{nodes: map[string][]types.NamespacedName{}, pods: map[types.UID]*podTarget{}}
	for key, s := range services {
		if s.Leader != nil {
			all.addLeader(key, s, in)
		}
		for i := range s.Marked {
			all.addNode(s.Marked[i].Node, in)
			if s.ProbePods && s.Marked[i].Probe != nil {
				all.pod(&s.Marked[i])
			}
		}
	}
	if len(all.nodes) > 0 {
		for _, name := range in.references(all.nodes) {
			all.addNode(name, in)
		}
	}
	return all
}

// candidateNodes is how many candidates of each Service have their nodes watched, so that these are armed when they are needed.
const candidateNodes = 2

// addLeader adds the leader of a Service, and the nodes of those who would follow.
func (t *targets) addLeader(key types.NamespacedName, s *observe.Service, in surroundings) {
	leader := s.Leader
	if s.LossAfter > 0 {
		t.addNode(leader.Node, in, key)
	}
	for i := range min(len(s.Candidates), candidateNodes) {
		t.addNode(s.Candidates[i].Node, in)
	}
	if !s.ProbePods || leader.Probe == nil || !s.LeaderOutOfSight && !in.falls(leader.UID) {
		return
	}
	p := t.pod(leader)
	p.leads = append(p.leads, key)
	if d := observe.FreezeAfter(s.FreezeAfter, leader.Probe); d > 0 && (p.freezeAfter == 0 || d < p.freezeAfter) {
		p.freezeAfter = d
	}
}

// addNode adds a node, unless it is this replica's own.
func (t *targets) addNode(name string, in surroundings, led ...types.NamespacedName) {
	if name != "" && name != in.own {
		t.nodes[name] = append(t.nodes[name], led...)
	}
}

func (t *targets) pod(of *observe.Pod) *podTarget {
	p := t.pods[of.UID]
	if p == nil {
		p = &podTarget{Pod: *of}
		t.pods[of.UID] = p
	}
	return p
}

// stretch returns by how much intervals grow so that a replica sends no more probes a second than it may.
func (t targets) stretch(tuning config.ObserveTuning) float64 {
	rate := float64(len(t.nodes)) / tuning.Interval.Seconds()
	for _, p := range t.pods {
		rate += 1 / askEvery(p.freezeAfter, tuning.ProbeInterval.Duration).Seconds()
	}
	return max(1, rate/float64(tuning.MaxRate))
}

// Intervals of the questions to a pod, as parts of its freezeAfter.
const (
	asksPerWindow  = 12
	maxAskInterval = time.Second
)

// askEvery returns how often a pod is asked: the sooner it is to be noticed, the more often.
func askEvery(freezeAfter, shortest time.Duration) time.Duration {
	if freezeAfter == 0 {
		return max(maxAskInterval, shortest)
	}
	return max(min(freezeAfter/asksPerWindow, maxAskInterval), shortest)
}
