package trim

import (
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

// TestPodsShareTheTextsOfTheirLabels: of thousands of pods, each would have its own copy.
func TestPodsShareTheTextsOfTheirLabels(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // texts are shared between two collections
	newPod := func() *corev1.Pod {
		return Pod(gen.ReadyPod("a1", func(p *corev1.Pod) { // as the client decodes it, with copies of all texts
			p.Namespace, p.Spec.NodeName = strings.Clone("shop"), strings.Clone("node-1")
			p.Labels = map[string]string{strings.Clone("app.kubernetes.io/name"): strings.Clone("payments")}
		}))
	}
	texts := func(p *corev1.Pod) []string {
		all := []string{p.Namespace, p.Spec.NodeName}
		for key, value := range p.Labels {
			all = append(all, key, value)
		}
		return all
	}
	first, second := newPod(), newPod()
	if diff := cmp.Diff([]string{"shop", "node-1", "app.kubernetes.io/name", "payments"}, texts(first)); diff != "" {
		t.Errorf("unexpected texts (-want +got):\n%s", diff)
	}
	for i, text := range texts(second) {
		if unsafe.StringData(text) != unsafe.StringData(texts(first)[i]) {
			t.Errorf("two pods have copies of %q", text)
		}
	}
}
