package trim

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// Pod returns a pod that has only what elections, warnings and observers use. HasCrashed, RunsToCompletion, config.DrainWindowOf,
// config.Probed and config.RepeatableProbe return the same for both pods, unless the pod is too large (see boundPod).
func Pod(pod *corev1.Pod) *corev1.Pod {
	meta := trimMeta(pod.ObjectMeta)
	meta.Annotations = withAnnotation(meta.Annotations, pod, corev1.PodDeletionCost)
	meta.OwnerReferences = controllerOf(meta.OwnerReferences)
	trimmed := boundPod(&corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{
			NodeName:       shared(pod.Spec.NodeName),
			RestartPolicy:  trimRestartPolicy(pod),
			ReadinessGates: trimProbes(pod),
			HostNetwork:    pod.Spec.HostNetwork,
			Containers:     withDrainWindow(trimContainers(pod.Spec.Containers), &pod.Spec),
			InitContainers: trimSidecars(pod.Spec.InitContainers),
		},
		Status: corev1.PodStatus{
			Phase: pod.Status.Phase, PodIPs: pod.Status.PodIPs,
			Conditions:        append(trimConditions(pod), customConditions(pod.Status.Conditions)...),
			ContainerStatuses: trimCrashes(pod),
		},
	})
	shareMeta(&trimmed.ObjectMeta)
	withProbe(trimmed, &pod.Spec)
	trimmed.Spec.Containers, trimmed.Spec.InitContainers = containers.share(trimmed.Spec.Containers), containers.share(trimmed.Spec.InitContainers)
	return trimmed
}

func trimConditions(pod *corev1.Pod) []corev1.PodCondition {
	var kept []corev1.PodCondition
	for _, condition := range pod.Status.Conditions {
		known := slices.ContainsFunc(kept, func(other corev1.PodCondition) bool { return other.Type == condition.Type })
		if !known && (condition.Type == corev1.PodReady || condition.Type == corev1.DisruptionTarget) {
			kept = append(kept, corev1.PodCondition{
				Type: condition.Type, Status: condition.Status, LastTransitionTime: condition.LastTransitionTime,
				Reason: condition.Reason,
			})
		}
	}
	if MarkedNotReady(pod) {
		kept = append(kept, corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionTrue})
	}
	return kept
}

// probed stands for the probes and readiness gates of a pod that is kept in memory. All pods share it, so it takes no memory of its own.
var probed = []corev1.PodReadinessGate{{ConditionType: config.Domain + "/probed"}}

// trimProbes keeps one bit of a pod's probes: whether anything has asked if the pod answers.
func trimProbes(pod *corev1.Pod) []corev1.PodReadinessGate {
	if !config.Probed(&pod.Spec) {
		return nil
	}
	return probed
}
