package trim

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// asked gives the first container of a pod a readiness probe.
func asked(handler corev1.ProbeHandler) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: handler, TimeoutSeconds: 2, FailureThreshold: 4, PeriodSeconds: 7}
	}
}

func TestAPodThatIsTooLargeKeepsNoProbe(t *testing.T) {
	pod := gen.ReadyPod("a1", asked(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}), func(pod *corev1.Pod) {
		for i := range maxLabels {
			pod.Labels[string(rune('a'+i))] = ""
		}
	})
	if probe := config.RepeatableProbe(&Pod(pod).Spec); probe != nil {
		t.Errorf("a pod that cannot lead is asked: %+v", probe)
	}
}
