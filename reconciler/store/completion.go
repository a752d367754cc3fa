package store

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// RunsToCompletion reports whether a pod is expected to end by itself: it belongs to a Job, or the kubelet restarts none of its containers
// always. Such a pod leads only while no other pod of its Service can.
//
// It answers the same for a pod that is kept in memory, of which only the restart policy is left (see trimRestartPolicy).
func RunsToCompletion(pod *corev1.Pod) bool {
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil && owner.Kind == "Job" && owner.APIVersion == batchv1.SchemeGroupVersion.String() {
		return true
	}
	restarts := pod.Spec.RestartPolicy != corev1.RestartPolicyNever && pod.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
	for i := range pod.Spec.Containers {
		// A container's own restart policy takes precedence over the pod's.
		if container := &pod.Spec.Containers[i]; leaderslice.Restartable(container) || container.RestartPolicy == nil && restarts {
			return false
		}
	}
	return !restarts || len(pod.Spec.Containers) > 0
}

// trimRestartPolicy keeps one bit of a pod's restart policies: whether the pod runs to completion.
func trimRestartPolicy(pod *corev1.Pod) corev1.RestartPolicy {
	if RunsToCompletion(pod) {
		return corev1.RestartPolicyNever
	}
	return ""
}
