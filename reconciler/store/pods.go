package store

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
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

// CouldLead reports whether a pod is ready and not terminating. Whether a Service takes it is another question.
func CouldLead(pod *corev1.Pod) bool {
	return readyStatus(pod) == corev1.ConditionTrue && pod.DeletionTimestamp == nil
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
// addReplicaCache).
func isOlderReplica(pod *corev1.Pod) bool {
	return pod.Labels[config.ReplicaNameKey] == config.ReplicaName && pod.Labels[config.RulesKey] == "" &&
		pod.Status.Phase != corev1.PodPending && (pod.DeletionTimestamp == nil || readyStatus(pod) == corev1.ConditionTrue)
}
