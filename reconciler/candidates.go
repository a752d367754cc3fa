package reconciler

import (
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// candidates are a Service's pods as an election sees them, in the same order.
func candidates(
	pods []*corev1.Pod, ports []corev1.ServicePort, needed []discoveryv1.AddressType, tuning config.ElectionTuning,
) []election.Candidate {
	all := make([]election.Candidate, 0, len(pods))
	for i := range pods {
		all = append(all, candidate(pods[i], ports, needed, tuning))
	}
	return all
}

func candidate(
	pod *corev1.Pod, ports []corev1.ServicePort, needed []discoveryv1.AddressType, tuning config.ElectionTuning,
) election.Candidate {
	c := election.Candidate{
		UID: string(pod.UID), Name: pod.Name, Node: pod.Spec.NodeName, Created: pod.CreationTimestamp.Time,
		Terminating: pod.DeletionTimestamp != nil,
		Ordinal:     ordinal(pod),
		Problem:     problem(pod, ports, needed),
	}
	// A wrong priority counts as none, and an Event says so (see complain.go).
	c.Priority, _ = config.ParsePriority(pod.Annotations)
	if ready := podCondition(pod, corev1.PodReady); ready != nil {
		c.Ready = ready.Status == corev1.ConditionTrue
		c.ReadySince = ready.LastTransitionTime.Time
	}
	c.Serving = c.Ready
	if disrupted := podCondition(pod, corev1.DisruptionTarget); tuning.HandoverOnDisruptionTarget &&
		disrupted != nil && disrupted.Status == corev1.ConditionTrue {
		c.Announced = election.AnnouncedDisruption
	}
	return c
}

// problem says why a pod cannot carry the Service's traffic, whatever its readiness; empty when it can.
func problem(pod *corev1.Pod, ports []corev1.ServicePort, needed []discoveryv1.AddressType) string {
	if family := missingFamily(pod, needed); family != "" {
		return fmt.Sprintf("it has no %s address", family)
	}
	_, problem := slicePorts(ports, pod)
	return problem
}

// ordinal is the pod's index in its StatefulSet, -1 without one. The label is there since Kubernetes 1.28; a pod of a StatefulSet
// that lost it still has its index in its name.
func ordinal(pod *corev1.Pod) int {
	if n, err := strconv.Atoi(pod.Labels[appsv1.PodIndexLabel]); err == nil && n >= 0 {
		return n
	}
	for _, owner := range pod.OwnerReferences {
		if owner.Kind != "StatefulSet" {
			continue
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(pod.Name, owner.Name+"-")); err == nil && n >= 0 {
			return n
		}
	}
	return -1
}

func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}
