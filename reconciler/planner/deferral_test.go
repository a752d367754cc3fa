package planner

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestPreparable(t *testing.T) {
	cases := map[string]struct {
		leader *corev1.Pod
		want   bool
	}{
		"a deletion":       {leader: gen.ReadyPod("a1", gen.Terminating), want: true},
		"an eviction":      {leader: gen.ReadyPod("a1", disruptedBy("EvictionByEvictionAPI")), want: true},
		"a preemption":     {leader: gen.ReadyPod("a1", disruptedBy("PreemptionByScheduler"))},
		"a lost readiness": {leader: gen.ReadyPod("a1", gen.NotReady)},
		"no change":        {leader: gen.ReadyPod("a1")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{test.leader, gen.ReadyPod("b2")})
			if got := in.Preparable(Decide(in, gen.T0)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func disruptedBy(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		gen.DisruptionTarget(pod)
		pod.Status.Conditions[len(pod.Status.Conditions)-1].Reason = reason
	}
}
