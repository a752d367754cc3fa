package trim

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

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
