package store

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// PodCondition returns a pod's condition of a type, or nil.
func PodCondition(pod *corev1.Pod, conditionType corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == conditionType {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// DisruptionTargetStatus returns the status of the condition DisruptionTarget; empty when the pod does not have it.
func DisruptionTargetStatus(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.DisruptionTarget)
}

// readyStatus returns the status of the condition Ready; empty when the pod does not have it.
func readyStatus(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.PodReady)
}

func conditionStatus(pod *corev1.Pod, conditionType corev1.PodConditionType) corev1.ConditionStatus {
	if condition := PodCondition(pod, conditionType); condition != nil {
		return condition.Status
	}
	return ""
}

// isOlderReplica reports whether a pod is a replica of Tanist of a version without the rules about which replica may change what: such
// a replica does not have the label config.RulesKey. It does not count a pod that has not started, which changes nothing yet, nor one that is
// terminating and not ready: its node may be gone, and the pod stays until that is known. Pods that have finished are not in the cache (see
// CacheOptions).
func isOlderReplica(pod *corev1.Pod) bool {
	return pod.Labels[config.ReplicaNameKey] == config.ReplicaName && pod.Labels[config.RulesKey] == "" &&
		pod.Status.Phase != corev1.PodPending && (pod.DeletionTimestamp == nil || readyStatus(pod) == corev1.ConditionTrue)
}

// RunsToCompletion reports whether a pod is expected to end by itself: it belongs to a Job, or none of its containers has the restart
// policy Always, be it the container's own policy or, where the container has none, the pod's. Such a pod leads only while no other pod of
// its Service can.
//
// It answers the same for a trimmed pod. Of the restart policies, that has only one for the pod, which says this (see trimRestartPolicy).
func RunsToCompletion(pod *corev1.Pod) bool {
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil && owner.Kind == "Job" && owner.APIVersion == batchv1.SchemeGroupVersion.String() {
		return true
	}
	podAlwaysRestarts := pod.Spec.RestartPolicy != corev1.RestartPolicyNever && pod.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
	for i := range pod.Spec.Containers {
		// A container's own restart policy takes precedence over the pod's.
		if container := &pod.Spec.Containers[i]; leaderslice.AlwaysRestarts(container) || container.RestartPolicy == nil && podAlwaysRestarts {
			return false
		}
	}
	return !podAlwaysRestarts || len(pod.Spec.Containers) > 0
}

// trimRestartPolicy returns the restart policy of a trimmed pod: Never if the pod runs to completion, otherwise empty.
func trimRestartPolicy(pod *corev1.Pod) corev1.RestartPolicy {
	if RunsToCompletion(pod) {
		return corev1.RestartPolicyNever
	}
	return ""
}

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
