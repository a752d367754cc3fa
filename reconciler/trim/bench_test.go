package trim

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

// BenchmarkPod is the cost of keeping one version of a pod: its garbage, and what stays in memory.
func BenchmarkPod(b *testing.B) {
	pod := gen.ReadyPod("a1", func(p *corev1.Pod) {
		p.Labels = map[string]string{"app": "web", "pod-template-hash": "6d4cf56db6", "app.kubernetes.io/part-of": "shop"}
	})
	b.ReportAllocs()
	for b.Loop() {
		Pod(pod)
	}
}
