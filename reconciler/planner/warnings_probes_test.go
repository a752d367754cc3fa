package planner

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestALeaderWithoutAReadinessProbeIsReported(t *testing.T) {
	withoutProbe := func(pod *corev1.Pod) { pod.Spec.ReadinessGates = nil }
	cases := map[string]struct {
		leader func(*corev1.Pod)
		want   bool
	}{
		"a leader without a probe":             {leader: withoutProbe, want: true},
		"a leader with a probe":                {leader: func(*corev1.Pod) {}},
		"a terminating leader without a probe": {leader: func(pod *corev1.Pod) { withoutProbe(pod); gen.Terminating(pod) }},
		"no leader":                            {leader: func(pod *corev1.Pod) { withoutProbe(pod); gen.NotReady(pod) }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{trim.Pod(gen.ReadyPod("a1", test.leader))})
			got := warningsOf(in, notify.ReasonNoReadinessProbe)
			if !test.want {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Object != in.Source || got[0].Related.GetName() != "a1" || !got[0].Expected {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAPodWithoutAReadinessProbeLeadsAfterADelay(t *testing.T) {
	young := gen.ReadyPod("b2", func(pod *corev1.Pod) {
		pod.Spec.ReadinessGates = nil
		pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(gen.T0.Add(-2 * time.Second))
	})
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1", gen.DisruptionTarget), young})
	if got := Decide(in, gen.T0).Decision; got.Move || got.RequeueAfter == 0 {
		t.Errorf("got %+v", got)
	}
	in.Options.MinReadyUnprobed = 0
	if got := Decide(in, gen.T0).Decision; !got.Move || got.Reason != election.ReasonLeaderDisrupted {
		t.Errorf("got %+v", got)
	}
}

func TestProbed(t *testing.T) {
	probe := &corev1.Probe{}
	cases := map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"no probe":          {change: func(*corev1.Pod) {}},
		"a liveness probe":  {change: func(pod *corev1.Pod) { pod.Spec.Containers[0].LivenessProbe = probe }},
		"a readiness probe": {change: func(pod *corev1.Pod) { pod.Spec.Containers[0].ReadinessProbe = probe }, want: true},
		"a startup probe":   {change: func(pod *corev1.Pod) { pod.Spec.Containers[0].StartupProbe = probe }, want: true},
		"a readiness gate":  {change: func(pod *corev1.Pod) { pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "x"}} }, want: true},
		"a sidecar's probe": {
			change: func(pod *corev1.Pod) {
				pod.Spec.InitContainers = []corev1.Container{{RestartPolicy: new(corev1.ContainerRestartPolicyAlways), ReadinessProbe: probe}}
			},
			want: true,
		},
		"an init container's probe": {change: func(pod *corev1.Pod) { pod.Spec.InitContainers = []corev1.Container{{ReadinessProbe: probe}} }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Spec.ReadinessGates = nil }, test.change)
			if got := config.Probed(&pod.Spec); got != test.want {
				t.Errorf("got %t", got)
			}
			trimmed := trim.Pod(pod)
			if got := config.Probed(&trimmed.Spec); got != test.want {
				t.Errorf("got %t of the trimmed pod", got)
			}
			if trimmed.Spec.Containers[0].ReadinessProbe != nil || trimmed.Spec.Containers[0].StartupProbe != nil {
				t.Error("the trimmed pod has the whole probe")
			}
		})
	}
}
