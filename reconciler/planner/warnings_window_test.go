package planner

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestALeaderWithoutDrainWindow(t *testing.T) {
	const (
		missing  = "pod a1 leads without a drain window, so requests fail if it is deleted while it leads: "
		recreate = missing + "it was created before the drain window applied; delete it only after another pod has led for a few seconds " +
			"(kubectl tanist handover), or leave it to the next rollout"
	)
	window := func(value string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Annotations = map[string]string{config.DrainWindowKey: value} }
	}
	hook := func(handler corev1.LifecycleHandler) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle = gen.PreStop(handler) }
	}
	disrupted := func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue})
	}
	none := func(in *Input) { in.Tuning.Election.DrainWindow = metav1.Duration{} }
	cases := map[string]struct {
		leader  func(*corev1.Pod)
		changes []func(*Input)
		want    []string
	}{
		"a leader from before the drain window applied": {want: []string{recreate}},
		"a leader with a drain window":                  {leader: hook(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})},
		"a leader with a preStop hook of its own": {
			leader: hook(corev1.LifecycleHandler{Exec: &corev1.ExecAction{}}),
		},
		"no drain window is asked for":         {changes: []func(*Input){none}},
		"only the pod asks for a drain window": {leader: window("2s"), changes: []func(*Input){none}, want: []string{recreate}},
		"a leader that opted out":              {leader: window("0s")},
		"a leader that is terminating":         {leader: gen.Terminating},
		"a leader whose eviction is announced": {leader: disrupted},
		"a leader on the network of its node":  {leader: func(pod *corev1.Pod) { pod.Spec.HostNetwork = true }, want: []string{missing + "it uses the network of its node"}},
		"no leader":                            {leader: gen.NotReady},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1")
			if test.leader != nil {
				test.leader(pod)
			}
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{trim.Pod(pod)}, test.changes...)
			var got []string
			for _, warning := range warningsOf(in, notify.ReasonNoDrainWindow) {
				if warning.Object != in.Source || warning.Related.GetName() != "a1" {
					t.Errorf("got %+v", warning)
				}
				got = append(got, warning.Note)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnInvalidDrainWindowOfAPodIsReported(t *testing.T) {
	pod := gen.ReadyPod("a1", func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{config.DrainWindowKey: "soon"}
		pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	})
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{pod})
	all := Warnings(in, Decide(in, gen.T0))
	if len(all) != 1 {
		t.Fatalf("got %d warnings, want 1: %v", len(all), all)
	}
	const want = `metadata.annotations[tanist.dev/drain-window]: Invalid value: "soon": must be a duration such as 10s, from 0s to 10m; ` +
		`the pod was created with the drain window that its Services ask for`
	if got := all[0]; got.Object != pod || got.Reason != notify.ReasonInvalidAnnotation || got.Expected || got.Note != want {
		t.Errorf("got %+v", got)
	}
}
