package disruption

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// ordinal returns the pod's index in its StatefulSet, or -1 for a pod without one.
func ordinal(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Labels[appsv1.PodIndexLabel])
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// outsideOrdinals reports whether a pod's ordinal is outside the range that the StatefulSet asks for, so that a scale-down deletes the pod.
// A StatefulSet that is being deleted no longer scales: its pods stay, or the garbage collector deletes all of them.
func outsideOrdinals(set *appsv1.StatefulSet, pod *corev1.Pod) bool {
	n := ordinal(pod)
	return set.DeletionTimestamp == nil && n >= 0 && (n < firstOrdinal(set) || n >= firstOrdinal(set)+int(replicas(set)))
}

// statefulSetPodOutdated reports whether the rollout of the StatefulSet replaces a pod. A rollout does not replace pods below the partition. With the
// strategy OnDelete it replaces none.
func statefulSetPodOutdated(set *appsv1.StatefulSet, pod *corev1.Pod) bool {
	revision, newest := pod.Labels[appsv1.ControllerRevisionHashLabelKey], set.Status.UpdateRevision
	if revision == "" || newest == "" || revision == newest {
		return false
	}
	if set.DeletionTimestamp != nil || set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return false
	}
	return ordinal(pod) >= firstOrdinal(set)+int(partition(set))
}

func firstOrdinal(set *appsv1.StatefulSet) int {
	if set.Spec.Ordinals == nil {
		return 0
	}
	return int(set.Spec.Ordinals.Start)
}

func replicas(set *appsv1.StatefulSet) int32 {
	if set.Spec.Replicas == nil {
		return 1
	}
	return *set.Spec.Replicas
}

func partition(set *appsv1.StatefulSet) int32 {
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil && rolling.Partition != nil {
		return *rolling.Partition
	}
	return 0
}

// statefulSetChanged reports whether an update can affect which pods the StatefulSet deletes or replaces.
func statefulSetChanged(before, after *appsv1.StatefulSet) bool {
	return before.UID != after.UID || (before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		replicas(before) != replicas(after) || firstOrdinal(before) != firstOrdinal(after) ||
		before.Spec.UpdateStrategy.Type != after.Spec.UpdateStrategy.Type || partition(before) != partition(after) ||
		before.Status.UpdateRevision != after.Status.UpdateRevision
}
