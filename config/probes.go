package config

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Probed reports whether a pod's readiness means more than that its containers have started: a container or sidecar has a readiness or a
// startup probe, or the pod has a readiness gate.
func Probed(pod *corev1.PodSpec) bool {
	has := func(container corev1.Container) bool {
		return container.ReadinessProbe != nil || container.StartupProbe != nil
	}
	return len(pod.ReadinessGates) > 0 || slices.ContainsFunc(pod.Containers, has) ||
		slices.ContainsFunc(pod.InitContainers, func(c corev1.Container) bool { return isSidecar(&c) && has(c) })
}

// isSidecar reports whether an init container runs beside the other containers.
func isSidecar(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
