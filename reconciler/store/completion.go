package store

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// RunsToCompletion reports whether a pod is meant to end by itself: it belongs to a Job, or none of its containers is always started
// again. A server that somebody runs so is as well off as before, unless another pod of its Service is made to last.
//
// What is kept of a pod in memory is its restart policy, and only if it does (see trimRestartPolicy).
func RunsToCompletion(pod *corev1.Pod) bool {
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil && owner.Kind == "Job" && owner.APIVersion == batchv1.SchemeGroupVersion.String() {
		return true
	}
	lasts := pod.Spec.RestartPolicy != corev1.RestartPolicyNever && pod.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
	for i := range pod.Spec.Containers {
		// A container may have a policy of its own, which overrules the pod's.
		if container := &pod.Spec.Containers[i]; leaderslice.Restartable(container) || container.RestartPolicy == nil && lasts {
			return false
		}
	}
	return !lasts || len(pod.Spec.Containers) > 0
}

// trimRestartPolicy keeps whether a pod runs to completion.
func trimRestartPolicy(pod *corev1.Pod) corev1.RestartPolicy {
	if RunsToCompletion(pod) {
		return corev1.RestartPolicyNever
	}
	return ""
}
