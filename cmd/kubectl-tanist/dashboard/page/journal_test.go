package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

// lost makes a pod not Ready some minutes ago.
func lost(before float64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions[0] = corev1.PodCondition{
			Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", LastTransitionTime: metav1.NewTime(minutes(before)),
		}
	}
}

// asked begins a pod's deletion some minutes ago, with a grace of 30 s.
func asked(before float64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = &metav1.Time{Time: minutes(before).Add(30 * time.Second)}, new(int64(30))
	}
}

// crashed ends a pod's container some minutes ago.
func crashed(before float64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", LastTerminationState: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", FinishedAt: metav1.NewTime(minutes(before))},
		}}}
	}
}

func announced(before float64) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI", LastTransitionTime: metav1.NewTime(minutes(before)),
		})
	}
}

func TestWhatHappenedToAPod(t *testing.T) {
	a := func(changes ...func(*corev1.Pod)) *corev1.Pod { return gen.ReadyPod("a1", changes...) }
	for name, test := range map[string]struct {
		before, after *corev1.Pod
		want          []Disruption
	}{
		"nothing":                         {before: a(), after: a()},
		"it starts":                       {after: a(lost(1))},
		"it becomes ready":                {before: a(lost(1)), after: a()},
		"it is no longer ready":           {a(), a(lost(1)), []Disruption{{At: minutes(1), Pod: "a1", Text: "was no longer ready (ContainersNotReady)"}}},
		"it is still not ready":           {before: a(lost(1)), after: a(lost(1))},
		"its deletion has begun":          {a(), a(asked(1)), []Disruption{{At: minutes(1), Pod: "a1", Planned: true, Text: "was asked to end: its deletion began"}}},
		"its deletion, seen late":         {nil, a(asked(1)), []Disruption{{At: minutes(1), Pod: "a1", Planned: true, Text: "was asked to end: its deletion began"}}},
		"its deletion, and its readiness": {a(), a(asked(1), lost(0)), []Disruption{{At: minutes(1), Pod: "a1", Planned: true, Text: "was asked to end: its deletion began"}}},
		"its deletion long ago":           {before: a(), after: a(asked(11))},
		"it is gone after its deletion":   {a(asked(1)), nil, []Disruption{{At: minutes(1), Pod: "a1", Planned: true, Text: "was asked to end: its deletion began"}}},
		"it is gone without its deletion": {a(), nil, []Disruption{{At: gen.T0, Pod: "a1", Text: "is gone, without a deletion that was seen"}}},
		"its eviction was announced":      {a(), a(announced(2)), []Disruption{{At: minutes(2), Pod: "a1", Planned: true, Text: "was about to be evicted, preempted or deleted (EvictionByEvictionAPI)"}}},
		"its container ended":             {nil, a(crashed(3)), []Disruption{{At: minutes(3), Pod: "a1", Text: "ended: container main, exit code 137 (OOMKilled)"}}},
		"its container ended as asked":    {a(asked(1)), a(asked(1), crashed(0.5)), []Disruption{{At: minutes(1), Pod: "a1", Planned: true, Text: "was asked to end: its deletion began"}}},
		"a crash that cost its readiness": {a(), a(crashed(3), lost(3)), []Disruption{{At: minutes(3), Pod: "a1", Text: "ended: container main, exit code 137 (OOMKilled)"}, {At: minutes(3), Pod: "a1", Text: "was no longer ready (ContainersNotReady)"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var j Journal
			if got := j.Pod(test.before, test.after, gen.T0); got != (len(test.want) > 0) {
				t.Errorf("is any of it new: %t", got)
			}
			if diff := cmp.Diff(append([]Disruption{}, test.want...), j.of(gen.WebService(), minutes(10))); diff != "" {
				t.Errorf("unexpected disruptions (-want +got):\n%s", diff)
			}
			if j.Pod(test.before, test.after, gen.T0) {
				t.Error("the same again is new")
			}
		})
	}
}

func TestWhatHappenedToANode(t *testing.T) {
	notReady := func(node *corev1.Node) {
		node.Status.Conditions = []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", LastTransitionTime: metav1.NewTime(minutes(2)),
		}}
	}
	node := func(changes ...func(*corev1.Node)) *corev1.Node { return gen.NodeNamed("n", changes...) }
	for name, test := range map[string]struct {
		before, after *corev1.Node
		want          []Disruption
	}{
		"nothing":                  {before: node(), after: node()},
		"a cordon":                 {node(), node(gen.Cordoned), []Disruption{{At: gen.T0, Pod: "a1", Planned: true, Text: "was on node n when it was cordoned"}}},
		"a cordon of unknown time": {after: node(gen.Cordoned)},
		"Kubernetes does not hear from it": {node(), node(notReady), []Disruption{{
			At: minutes(2), Pod: "a1", Text: "was on node n when it was no longer ready (NodeStatusUnknown)",
		}}},
		"it was removed": {node(), nil, []Disruption{{At: gen.T0, Pod: "a1", Text: "lost its node n, which was removed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var j Journal
			changed := j.Node(test.before, test.after, []*corev1.Pod{gen.ReadyPod("a1")}, gen.T0)
			if got := len(changed) > 0; got != (len(test.want) > 0) {
				t.Errorf("changed namespaces: %v", changed)
			}
			if diff := cmp.Diff(append([]Disruption{}, test.want...), j.of(gen.WebService(), minutes(10))); diff != "" {
				t.Errorf("unexpected disruptions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatAJournalRemembers(t *testing.T) {
	var j Journal
	j.Pod(nil, gen.ReadyPod("a1", crashed(9)), gen.T0)
	j.Pod(nil, gen.ReadyPod("b1", crashed(1)), gen.T0)
	j.Pod(nil, gen.ReadyPod("c1", crashed(1), func(pod *corev1.Pod) { pod.Labels["app"] = "other" }), gen.T0)
	j.Pod(nil, gen.ReadyPod("d1", crashed(1), func(pod *corev1.Pod) { pod.Namespace = "other" }), gen.T0)
	names := func(all []Disruption) (names []string) {
		for _, d := range all {
			names = append(names, d.Pod)
		}
		return names
	}
	if diff := cmp.Diff([]string{"a1", "b1"}, names(j.of(gen.WebService(), minutes(10)))); diff != "" {
		t.Errorf("unexpected pods of the Service (-want +got):\n%s", diff)
	}
	if got := j.of(gen.WebService(func(s *corev1.Service) { s.Spec.Selector = nil }), minutes(10)); len(got) > 0 {
		t.Errorf("a Service without a selector has %v", got)
	}
	j.Forget(gen.T0.Add(2 * time.Minute))
	if diff := cmp.Diff([]string{"b1"}, names(j.of(gen.WebService(), time.Time{}))); diff != "" {
		t.Errorf("unexpected pods after a while (-want +got):\n%s", diff)
	}
	j.Forget(gen.T0.Add(Window))
	if len(j.namespaces) > 0 {
		t.Errorf("the journal never forgets %v", j.namespaces)
	}
	for i := range maxDisruptions + 5 {
		j.Pod(nil, gen.ReadyPod(fmt.Sprint("pod-", i), crashed(float64(i)/100)), gen.T0)
	}
	if got := len(j.of(gen.WebService(), minutes(10))); got != maxDisruptions {
		t.Errorf("a row has %d disruptions", got)
	}
}
