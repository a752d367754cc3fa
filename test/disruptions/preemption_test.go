//go:build e2e

package disruptions

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// preemptor is the name of the pod that takes the leader's place, and of its priority class.
const preemptor = "e2e-preemptor"

// preempt creates a pod of higher priority. It requests all CPU that is free on the leader's node, and all that the Service's pods have
// there.
func preempt(t *testing.T, s *testbed) {
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
				Name: preemptor, Image: env.Image(), Args: []string{"bench-server"},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: s.freeWithoutUs(t, node)}},
			}},
		},
	}
	env.Await(t, "the preemptor is created", func(ctx context.Context) error { // admission may not know its priority class yet
		_, err := s.client.CoreV1().Pods(s.namespace).Create(ctx, pod, metav1.CreateOptions{})
		return err
	})
	env.Await(t, "the preemptor runs", func(ctx context.Context) error {
		pod, err := s.client.CoreV1().Pods(s.namespace).Get(ctx, preemptor, metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("its phase is %s: %v", pod.Status.Phase, pod.Status.Conditions)
		}
		return err
	})
}

func endPreemption(t *testing.T, s *testbed) {
	s.kubectl(t, "delete", "pod", preemptor, "--ignore-not-found")
	env.Run(t, "kubectl", "delete", "priorityclass", preemptor, "--ignore-not-found")
}

// freeWithoutUs is the CPU of a node that no pod outside the testbed has requested.
func (s *testbed) freeWithoutUs(t *testing.T, name string) resource.Quantity {
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
