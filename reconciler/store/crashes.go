package store

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Crashes is how often the pod's containers had to be started again, sidecars included. A container that its kubelet restarted
// because its resources were changed has not crashed.
//
// Of a pod that is kept in memory, only the sum is left (see trimCrashes).
func Crashes(pod *corev1.Pod) int32 {
	var sum int32
	for i := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[i]
		if !resized(pod, pod.Spec.Containers, status) {
			sum += status.RestartCount
		}
	}
	for i := range pod.Status.InitContainerStatuses {
		status := &pod.Status.InitContainerStatuses[i]
		container := containerNamed(pod.Spec.InitContainers, status.Name)
		if container != nil && leaderslice.Restartable(container) && !resized(pod, pod.Spec.InitContainers, status) {
			sum += status.RestartCount
		}
	}
	return sum
}

// trimCrashes keeps one number, and nothing at all for most pods.
func trimCrashes(pod *corev1.Pod) []corev1.ContainerStatus {
	sum := Crashes(pod)
	if sum == 0 {
		return nil
	}
	return []corev1.ContainerStatus{{RestartCount: sum}}
}

// resized reports whether all restarts of a container can be put down to resizes in place.
//
// No field says why a kubelet stopped a container (k8s.io/kubernetes/pkg/kubelet/kuberuntime, computePodResizeAction): the last state
// looks like that of any container that was told to stop. So three things must hold. The container asks to be restarted when it is
// resized; it was restarted no more often than the pod's spec was changed, which a resize does (metadata.generation, which is 1 at
// first and 0 before Kubernetes 1.33); and it ended as one that is told to stop: by itself, by SIGTERM, or killed after its grace
// period. A failed liveness probe can end it so too: that is held against it unless the spec was changed as often.
func resized(pod *corev1.Pod, containers []corev1.Container, status *corev1.ContainerStatus) bool {
	if status.RestartCount == 0 || int64(status.RestartCount) >= pod.Generation {
		return false
	}
	container := containerNamed(containers, status.Name)
	return container != nil && restartsOnResize(container) && wasStopped(status.LastTerminationState.Terminated)
}

func restartsOnResize(container *corev1.Container) bool {
	for _, policy := range container.ResizePolicy {
		if policy.RestartPolicy == corev1.RestartContainer {
			return true
		}
	}
	return false
}

// What a container's process ends with, besides 0, when it is told to stop: 128 and the number of the signal.
const (
	exitedBySIGKILL = 128 + 9
	exitedBySIGTERM = 128 + 15
)

// outOfMemory is the reason of a container that the kernel killed.
const outOfMemory = "OOMKilled"

// wasStopped reports whether a container may have been told to stop. While that is not known (yet), it was not.
func wasStopped(state *corev1.ContainerStateTerminated) bool {
	if state == nil || state.Reason == outOfMemory {
		return false
	}
	return state.ExitCode == 0 || state.ExitCode == exitedBySIGTERM || state.ExitCode == exitedBySIGKILL
}

// containerNamed is the container of this name; nil when there is none.
func containerNamed(containers []corev1.Container, name string) *corev1.Container {
	for i := range containers {
		if containers[i].Name == name {
			return &containers[i]
		}
	}
	return nil
}
