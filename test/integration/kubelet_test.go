//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a kubelet and the scheduler do to pods of Deployments, Jobs and the like, whose names are not known beforehand.

// podsOf returns the pods with app=<app>, in the order of their names; all pods for an empty app.
func (s *testNamespace) podsOf(app string) []*corev1.Pod {
	var found []*corev1.Pod
	for _, object := range history.objects("Pod", s.namespace) {
		if pod := object.(*corev1.Pod); app == "" || pod.Labels["app"] == app {
			found = append(found, pod)
		}
	}
	slices.SortFunc(found, func(a, b *corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// runs waits until there are n pods with app=<app> that are not being deleted, and makes all of them ready on nodes of their own.
func (s *testNamespace) runs(app string, n int) []*corev1.Pod {
	s.t.Helper()
	var pods []*corev1.Pod
	history.eventually(s.t, func() string {
		pods = slices.DeleteFunc(s.podsOf(app), func(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil })
		if len(pods) != n {
			return fmt.Sprintf("%d pods of %s, got %d", n, app, len(pods))
		}
		return ""
	})
	for i, pod := range pods {
		if pod.Status.PodIP == "" {
			s.bind(pod)
			pods[i] = s.ready(pod.Name)
		}
	}
	return pods
}

// bind does what the scheduler does: it puts a pod on a node.
func (s *testNamespace) bind(pod *corev1.Pod) {
	s.t.Helper()
	if pod.Spec.NodeName != "" {
		return
	}
	if err := clientset.CoreV1().Pods(s.namespace).Bind(s.t.Context(), &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: nodeFor(pod)},
	}, metav1.CreateOptions{}); err != nil {
		s.t.Fatalf("failed to bind pod: %v", err)
	}
}

// nodeFor is the node that a DaemonSet's pod asks for. Any other pod has a node of its own.
func nodeFor(pod *corev1.Pod) string {
	if pod.Spec.Affinity != nil && pod.Spec.Affinity.NodeAffinity != nil {
		for _, term := range pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			for _, field := range term.MatchFields {
				return field.Values[0]
			}
		}
	}
	return "node-of-" + pod.Name
}

// endsSoon gives a pod a short grace period: that is how long a namespace's controller waits before it looks again.
func endsSoon(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = new(int64(1)) }

// finish does what a kubelet does when the containers of a pod that is being deleted have ended.
func (s *testNamespace) finish(name string) {
	s.t.Helper()
	err := aNode(s.t).CoreV1().Pods(s.namespace).Delete(s.t.Context(), name, graceOf(0))
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatalf("failed to finish the deletion of a pod: %v", err)
	}
}

// finishAll finishes all deletions of pods.
func (s *testNamespace) finishAll() {
	s.t.Helper()
	for _, pod := range s.podsOf("") {
		if pod.DeletionTimestamp != nil {
			s.finish(pod.Name)
		}
	}
}

// terminates waits until the deletion of pods has begun.
func (s *testNamespace) terminates(names ...string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		for _, name := range names {
			if pod := history.pod(s.namespace, name); pod != nil && pod.DeletionTimestamp == nil {
				return "that the deletion of " + name + " begins"
			}
		}
		return ""
	})
}

// deleteNamespace deletes the namespace and waits until it is gone.
func (s *testNamespace) deleteNamespace() {
	s.t.Helper()
	if err := clientset.CoreV1().Namespaces().Delete(s.t.Context(), s.namespace, metav1.DeleteOptions{}); err != nil {
		s.t.Fatalf("failed to delete namespace: %v", err)
	}
	s.endsNamespace()
}

// endsNamespace waits until a namespace that is being deleted is gone. Its controller waits for the pods, which this ends.
func (s *testNamespace) endsNamespace() {
	s.t.Helper()
	history.eventually(s.t, func() string {
		s.finishAll()
		if _, err := clientset.CoreV1().Namespaces().Get(s.t.Context(), s.namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("that the namespace goes: %v", err)
		}
		return ""
	})
}
