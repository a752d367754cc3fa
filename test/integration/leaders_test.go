//go:build integration

package integration_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Leaders of several Services, and pods that are deleted in one request.

// withLeaders makes Services s0, s1, ..., each led by its pod <name>-a. Its pod <name>-b could follow.
func (s *testNamespace) withLeaders(n int) (leaders map[string]leadership) {
	s.t.Helper()
	leaders = map[string]leadership{}
	for i := range n {
		name := fmt.Sprint("s", i)
		s.withService(name)
		s.withReadyPod(name, name+"-a", deletedTogether)
		leaders[name] = s.leads(name, name+"-a")
		s.withReadyPod(name, name+"-b")
	}
	return leaders
}

const togetherKey = "test/deleted-together"

// deletedTogether makes a pod one of those that deleteTogether deletes.
func deletedTogether(pod *corev1.Pod) { pod.Labels[togetherKey] = "true" }

// deleteTogether deletes all such pods in one request.
func (s *testNamespace) deleteTogether() {
	s.t.Helper()
	if err := clientset.CoreV1().Pods(s.namespace).DeleteCollection(
		s.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: togetherKey}); err != nil {
		s.t.Fatalf("failed to delete pods: %v", err)
	}
}
