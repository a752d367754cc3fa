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

// templateGenerationLabel is what a DaemonSet's controller gives to its pods: the DaemonSet's appsv1.DeprecatedTemplateGeneration when
// they were made. The API server counts it up whenever the template changes.
const templateGenerationLabel = "pod-template-generation"

// daemonSetOf is the DaemonSet that a pod belongs to; nil when it belongs to none, or to one that is not known.
func daemonSetOf(v *store.Stores, pod *corev1.Pod, owner *metav1.OwnerReference) *appsv1.DaemonSet {
	if owner == nil || !isApps(owner, "DaemonSet") {
		return nil
	}
	set := v.DaemonSet(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	if set == nil || set.UID != owner.UID {
		return nil
	}
	return set
}

// currentTemplates are the hashes of the templates that DaemonSets have now, by the DaemonSets' UIDs. A hash is known from a pod that
// was made of the current generation of the template; while there is none, no pod is known to be outdated. The hash decides, and not
// the generation, because a rollback brings a hash back: the controller leaves pods that have it alone.
func currentTemplates(v *store.Stores, pods []*corev1.Pod) map[types.UID]string {
	var current map[types.UID]string
	for _, pod := range pods {
		set := daemonSetOf(v, pod, metav1.GetControllerOfNoCopy(pod))
		generation := pod.Labels[templateGenerationLabel]
		if set == nil || generation == "" || generation != set.Annotations[appsv1.DeprecatedTemplateGeneration] {
			continue
		}
		if current == nil {
			current = map[types.UID]string{}
		}
		current[set.UID] = pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	}
	return current
}

// daemonPodOutdated reports whether the DaemonSet's rollout replaces a pod. With the strategy OnDelete it replaces none.
func daemonPodOutdated(set *appsv1.DaemonSet, pod *corev1.Pod, current string) bool {
	hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	return hash != "" && current != "" && hash != current &&
		set.DeletionTimestamp == nil && set.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType
}

// daemonSetHandler enqueues the Services that have pods of a DaemonSet when its plans for them change. Its counts enqueue nobody.
func (w Watcher) daemonSetHandler() handler.TypedEventHandler[*appsv1.DaemonSet, reconcile.Request] {
	return whenChanged(daemonSetChanged, func(q store.Queue, set *appsv1.DaemonSet) { w.Enqueue(q, w.Stores.PodsOf(set.UID)) })
}

// daemonSetChanged reports whether an update can change which pods go.
func daemonSetChanged(before, after *appsv1.DaemonSet) bool {
	return before.UID != after.UID || (before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		before.Spec.UpdateStrategy.Type != after.Spec.UpdateStrategy.Type ||
		before.Annotations[appsv1.DeprecatedTemplateGeneration] != after.Annotations[appsv1.DeprecatedTemplateGeneration]
}
