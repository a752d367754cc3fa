//go:build integration

package integration_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// withNode creates a node for a pod.
func (s *testNamespace) withNode(pod string) string {
	s.t.Helper()
	name := s.namespace + "-" + pod
	if _, err := clientset.CoreV1().Nodes().Create(s.t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to create Node: %v", err)
	}
	return name
}

func (s *testNamespace) patchNode(name, body string, subresources ...string) {
	s.t.Helper()
	patch(s.t, clientset.CoreV1().Nodes(), types.StrategicMergePatchType, name, body, subresources...)
}

func onNode(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Spec.NodeName = name }
}

func (s *testNamespace) cordon(node string) {
	s.t.Helper()
	s.patchNode(node, `{"spec":{"unschedulable":true}}`)
}

const shuttingDown = `{"status":{"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady","message":"node is shutting down"}]}}`

func (s *testNamespace) taint(node, key string) {
	s.t.Helper()
	s.patchNode(node, fmt.Sprintf(`{"spec":{"taints":[{"key":%q,"effect":"NoSchedule"}]}}`, key))
}
