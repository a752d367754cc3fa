package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// statefulSetOf returns the StatefulSet of a pod; nil when it has none, or an unknown one.
func statefulSetOf(stores *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) *appsv1.StatefulSet {
	if owner == nil || !isApps(owner, "StatefulSet") {
		return nil
	}
	set := stores.StatefulSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return nil
	}
	return set
}

// beyondReplicas reports whether a pod's ordinal is outside the range that the StatefulSet asks for, so that a scale-down deletes the pod.
// A StatefulSet that is being deleted no longer scales: its pods stay, or the garbage collector deletes all of them.
func beyondReplicas(set *appsv1.StatefulSet, pod *corev1.Pod) bool {
	n := ordinal(pod)
	return set.DeletionTimestamp == nil && n >= 0 && (n < firstOrdinal(set) || n >= firstOrdinal(set)+int(replicas(set)))
}

// outdated reports whether the rollout of the StatefulSet replaces a pod. A rollout does not replace pods below the partition. With the
// strategy OnDelete it replaces none.
func outdated(set *appsv1.StatefulSet, pod *corev1.Pod) bool {
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

// statefulSetHandler enqueues the Services that select pods of a StatefulSet when a change can affect which pods it deletes or replaces.
// Other changes, such as those of the counts in its status, enqueue no Service.
func (w Watcher) statefulSetHandler() handler.TypedEventHandler[*appsv1.StatefulSet, reconcile.Request] {
	return whenChanged(statefulSetChanged, func(q store.Queue, set *appsv1.StatefulSet) { w.Enqueue(q, w.Stores.PodsOf(set.UID)) })
}

// statefulSetChanged reports whether an update can affect which pods the StatefulSet deletes or replaces.
func statefulSetChanged(before, after *appsv1.StatefulSet) bool {
	return before.UID != after.UID || (before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		replicas(before) != replicas(after) || firstOrdinal(before) != firstOrdinal(after) ||
		before.Spec.UpdateStrategy.Type != after.Spec.UpdateStrategy.Type || partition(before) != partition(after) ||
		before.Status.UpdateRevision != after.Status.UpdateRevision
}
