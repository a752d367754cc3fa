//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// preemptor is the pod that takes the leader's place, and its priority class.
const preemptor = "e2e-preemptor"

// preempt has a pod of a higher priority ask for all that is free on the leader's node, and all that the Service's pods have there.
func preempt(t *testing.T, s *stage) {
	node := s.leader(t, s.apps[0]).Spec.NodeName
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: preemptor}, Value: 1000}
	if _, err := s.client.SchedulingV1().PriorityClasses().Create(t.Context(), class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	grace := int64(0)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: preemptor},
		Spec: corev1.PodSpec{
			PriorityClassName: preemptor, TerminationGracePeriodSeconds: &grace,
			NodeSelector: map[string]string{corev1.LabelHostname: node},
			Containers: []corev1.Container{{
				Name: preemptor, Image: os.Getenv("BENCH_IMAGE"), Args: []string{"bench-server"},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: s.freeWithoutUs(t, node)}},
			}},
		},
	}
	await(t, "the preemptor is created", patience, func(ctx context.Context) error { // admission may not know its priority class yet
		_, err := s.client.CoreV1().Pods(s.namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
	await(t, "the preemptor runs", patience, func(ctx context.Context) error {
		pod, err := s.client.CoreV1().Pods(s.namespace).Get(ctx, preemptor, metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("its phase is %s: %v", pod.Status.Phase, pod.Status.Conditions)
		}
		return err
	})
}

func endPreemption(t *testing.T, s *stage) {
	s.kubectl(t, "delete", "pod", preemptor, "--ignore-not-found")
	run(t, "kubectl", "delete", "priorityclass", preemptor, "--ignore-not-found")
}

// freeWithoutUs is the CPU that nobody but the stage's pods has asked for on a node.
func (s *stage) freeWithoutUs(t *testing.T, name string) resource.Quantity {
	t.Helper()
	node, err := s.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods, err := s.client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + name})
	if err != nil {
		t.Fatal(err)
	}
	free := node.Status.Allocatable[corev1.ResourceCPU]
	for _, pod := range pods.Items {
		if pod.Namespace == s.namespace || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		for _, container := range pod.Spec.Containers {
			free.Sub(container.Resources.Requests[corev1.ResourceCPU])
		}
	}
	return free
}
