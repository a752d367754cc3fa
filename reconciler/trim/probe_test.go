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

func TestPodsOfAWorkloadShareTheirProbe(t *testing.T) {
	probe := corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}
	unnamed := func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }
	a, b := Pod(gen.ReadyPod("a1", asked(probe), unnamed)), Pod(gen.ReadyPod("b2", asked(probe), unnamed))
	c := Pod(gen.ReadyPod("c3", asked(probe)))
	if &a.Spec.Containers[0] != &b.Spec.Containers[0] {
		t.Error("two pods without named ports have a container each for the same probe")
	}
	if a.Spec.Containers[0].ReadinessProbe != c.Spec.Containers[0].ReadinessProbe {
		t.Error("two pods have a copy each of the same probe")
	}
	other := probe
	other.GRPC = &corev1.GRPCAction{Port: 9001}
	if d := Pod(gen.ReadyPod("d4", asked(other))); d.Spec.Containers[0].ReadinessProbe == c.Spec.Containers[0].ReadinessProbe {
		t.Error("two pods share different probes")
	}
}

func TestTheTableOfProbesIsBounded(t *testing.T) {
	var table probeTable
	for port := range 3 * maxProbes {
		probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: int32(port)}}}
		if got := table.share(probe)[0].ReadinessProbe; got != probe {
			t.Fatalf("a new probe is shared as %v", got)
		}
		if len(table.known) > maxProbes {
			t.Fatalf("the table has %d probes, want at most %d", len(table.known), maxProbes)
		}
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
