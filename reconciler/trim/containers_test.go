package trim

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestPodsOfAWorkloadShareTheirContainers(t *testing.T) {
	probe := corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}
	sidecar := func(pod *corev1.Pod) {
		pod.Spec.InitContainers = []corev1.Container{{
			Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: "admin", ContainerPort: 9901}},
		}}
	}
	unnamed := func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }
	for name, changes := range map[string][]func(*corev1.Pod){
		"named ports": {}, "a probe": {asked(probe)}, "a probe alone": {asked(probe), unnamed}, "a sidecar": {sidecar},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := Pod(gen.ReadyPod("a1", changes...)), Pod(gen.ReadyPod("b2", changes...))
			for _, both := range [][2][]corev1.Container{{a.Spec.Containers, b.Spec.Containers}, {a.Spec.InitContainers, b.Spec.InitContainers}} {
				if len(both[0]) != len(both[1]) || len(both[0]) > 0 && &both[0][0] != &both[1][0] {
					t.Errorf("each has its own: %+v and %+v", both[0], both[1])
				}
			}
		})
	}
	other := probe
	other.GRPC = &corev1.GRPCAction{Port: 9001}
	if a, b := Pod(gen.ReadyPod("a1", asked(probe))), Pod(gen.ReadyPod("b2", asked(other))); &a.Spec.Containers[0] == &b.Spec.Containers[0] {
		t.Error("two pods share different probes")
	}
}

func TestContainersThatNobodyHasAreForgotten(t *testing.T) {
	var table containerTable
	count := func() int {
		table.mu.Lock()
		defer table.mu.Unlock()
		return len(table.known)
	}
	var last []corev1.Container
	for port := range 100 {
		last = table.share([]corev1.Container{{Ports: []corev1.ContainerPort{{Name: fmt.Sprint(port), ContainerPort: int32(port)}}}})
	}
	for began := time.Now(); count() > 1; runtime.Gosched() {
		if time.Since(began) > time.Minute {
			t.Fatalf("the table still has %d containers", count())
		}
		runtime.GC()
	}
	if again := table.share([]corev1.Container{*last[0].DeepCopy()}); &again[0] != &last[0] {
		t.Error("a container that a pod has is forgotten")
	}
	runtime.KeepAlive(last)
}

func TestALargeContainerIsNotShared(t *testing.T) {
	var table containerTable
	large := []corev1.Container{{Name: string(make([]byte, maxSharedBytes))}}
	if got := table.share(large); &got[0] != &large[0] || len(table.known) > 0 {
		t.Errorf("it is in the table, which has %d", len(table.known))
	}
}
