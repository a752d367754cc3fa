package trim

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// HasCrashed reports whether any of a pod's containers was restarted, sidecars included. Restarts that a resize of the container's resources
// explains do not count.
//
// It answers the same for a trimmed pod, of whose statuses only this is left (see trimCrashes).
func HasCrashed(pod *corev1.Pod) bool {
	for i := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[i]
		if status.RestartCount > 0 && !restartsExplainedByResize(pod, pod.Spec.Containers, status) {
			return true
		}
	}
	for i := range pod.Status.InitContainerStatuses {
		status := &pod.Status.InitContainerStatuses[i]
		container := containerNamed(pod.Spec.InitContainers, status.Name)
		if status.RestartCount > 0 && container != nil && leaderslice.AlwaysRestarts(container) &&
			!restartsExplainedByResize(pod, pod.Spec.InitContainers, status) {
			return true
		}
	}
	return false
}

// crashed stands for the container statuses of a trimmed pod that has crashed. All pods share it, so it takes no memory of its own.
var crashed = []corev1.ContainerStatus{{RestartCount: 1}}

// trimCrashes returns the container statuses of a trimmed pod: one with a restart if the pod has crashed, otherwise none.
func trimCrashes(pod *corev1.Pod) []corev1.ContainerStatus {
	if !HasCrashed(pod) {
		return nil
	}
	return crashed
}

// restartsExplainedByResize reports whether in-place resizes explain all restarts of a container that was restarted.
//
// No field says why a kubelet stopped a container (k8s.io/kubernetes/pkg/kubelet/kuberuntime, computePodResizeAction): after a resize, the
// last state looks like that of any container that was told to stop. So all of the following must hold:
//
//   - The container's resize policy asks for a restart.
//   - The container was restarted no more often than the pod's spec was changed. A resize changes the spec, and so metadata.generation,
//     which is 1 at first, and 0 before Kubernetes 1.33.
//   - The container ended like one that was told to stop: by itself, by SIGTERM, or killed after its grace period. A failed liveness probe
//     ends a container in the same way. Such a restart counts as a crash, unless both other conditions hold too.
func restartsExplainedByResize(pod *corev1.Pod, containers []corev1.Container, status *corev1.ContainerStatus) bool {
	if int64(status.RestartCount) >= pod.Generation {
		return false
	}
	container := containerNamed(containers, status.Name)
	return container != nil && restartsOnResize(container) && mayHaveBeenStopped(status.LastTerminationState.Terminated)
}

func restartsOnResize(container *corev1.Container) bool {
	for _, policy := range container.ResizePolicy {
		if policy.RestartPolicy == corev1.RestartContainer {
			return true
		}
	}
	return false
}

// Exit codes, besides 0, of a container that was told to stop: 128 plus the number of the signal.
const (
	exitedBySIGKILL = 128 + 9
	exitedBySIGTERM = 128 + 15
)

// outOfMemory is the termination reason of a container that the kernel killed because it needed too much memory.
const outOfMemory = "OOMKilled"

// mayHaveBeenStopped reports whether a container may have been told to stop. It reports false when the last state is not known.
func mayHaveBeenStopped(state *corev1.ContainerStateTerminated) bool {
	if state == nil || state.Reason == outOfMemory {
		return false
	}
	return state.ExitCode == 0 || state.ExitCode == exitedBySIGTERM || state.ExitCode == exitedBySIGKILL
}

// containerNamed returns the container with this name, or nil.
func containerNamed(containers []corev1.Container, name string) *corev1.Container {
	for i := range containers {
		if containers[i].Name == name {
			return &containers[i]
		}
	}
	return nil
}
