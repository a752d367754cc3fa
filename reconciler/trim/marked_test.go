package trim

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestMarkedNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		ready, containers corev1.ConditionStatus
		reason            string
		want              bool
	}{
		"ready":                               {ready: corev1.ConditionTrue, containers: corev1.ConditionTrue},
		"marked by the node controller":       {ready: corev1.ConditionFalse, containers: corev1.ConditionTrue, want: true},
		"a readiness gate is not ready":       {ready: corev1.ConditionFalse, containers: corev1.ConditionTrue, reason: "ReadinessGatesNotReady"},
		"its probe fails":                     {ready: corev1.ConditionFalse, containers: corev1.ConditionFalse, reason: "ContainersNotReady"},
		"marked, and its probe has failed":    {ready: corev1.ConditionFalse, containers: corev1.ConditionFalse},
		"nothing says how its containers are": {ready: corev1.ConditionFalse},
	} {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", func(pod *corev1.Pod) {
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: test.ready, Reason: test.reason}}
				if test.containers != "" {
					pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.ContainersReady, Status: test.containers})
				}
			})
			trimmed := Pod(pod)
			if got := MarkedNotReady(pod); got != test.want || MarkedNotReady(trimmed) != test.want || MarkedNotReady(Pod(trimmed)) != test.want {
				t.Errorf("got %t, and %t once it is trimmed; want %t", got, MarkedNotReady(trimmed), test.want)
			}
		})
	}
}
