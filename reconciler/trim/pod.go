package trim

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
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
	return withProbe(trimmed, &pod.Spec)
}

// trimContainers keeps the containers with named ports, and of them those ports: only a name in a target port is looked up.
func trimContainers(containers []corev1.Container) []corev1.Container {
	var kept []corev1.Container
	for i := range containers {
		if ports := trimPorts(containers[i].Ports); len(ports) > 0 {
			kept = append(kept, corev1.Container{Name: containers[i].Name, Ports: ports})
		}
	}
	return kept
}

// withDrainWindow gives every container that is kept the same preStop hook, which stands for the hooks of all the pod's containers. So
// config.DrainWindowOf returns the same for a trimmed pod. A pod without a window takes no memory for it.
func withDrainWindow(kept []corev1.Container, spec *corev1.PodSpec) []corev1.Container {
	window, ownHook := config.DrainWindowOf(spec)
	if window == 0 && !ownHook {
		return kept
	}
	preStop := &corev1.LifecycleHandler{}
	if window > 0 {
		preStop.Sleep = &corev1.SleepAction{Seconds: int64(window / time.Second)}
	}
	if ownHook {
		preStop.Exec = &corev1.ExecAction{}
	}
	if len(kept) == 0 {
		kept = []corev1.Container{{}}
	}
	for i := range kept {
		kept[i].Lifecycle = &corev1.Lifecycle{PreStop: preStop}
	}
	return kept
}

// trimSidecars keeps the init containers that are sidecars.
func trimSidecars(containers []corev1.Container) []corev1.Container {
	var kept []corev1.Container
	for i := range containers {
		if !leaderslice.AlwaysRestarts(&containers[i]) {
			continue
		}
		for _, sidecar := range trimContainers(containers[i : i+1]) {
			sidecar.RestartPolicy = containers[i].RestartPolicy
			kept = append(kept, sidecar)
		}
	}
	return kept
}

func trimPorts(ports []corev1.ContainerPort) []corev1.ContainerPort {
	var kept []corev1.ContainerPort
	for _, port := range ports {
		if port.Name != "" {
			kept = append(kept, corev1.ContainerPort{Name: port.Name, ContainerPort: port.ContainerPort, Protocol: port.Protocol})
		}
	}
	return kept
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
