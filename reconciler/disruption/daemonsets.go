package disruption

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// templateGenerationLabel is a label that the controller of a DaemonSet gives to its pods. It has the value that the DaemonSet's annotation
// appsv1.DeprecatedTemplateGeneration had when the pod was created. The API server increases that whenever the template changes.
const templateGenerationLabel = "pod-template-generation"

// currentTemplates returns the hashes of the current templates of DaemonSets, by the UIDs of the DaemonSets. A hash is known from a pod
// that was created from the current generation of the template. Without such a pod, no pod is known to be outdated.
//
// The hash decides, and not the generation, because a rollback brings an earlier hash back, and the controller keeps the pods that have it.
func currentTemplates(stores *store.Stores, pods []*corev1.Pod) map[types.UID]string {
	var current map[types.UID]string
	for _, pod := range pods {
		set := daemonSetOf(stores, pod, metav1.GetControllerOfNoCopy(pod))
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

// daemonPodOutdated reports whether the rollout of the DaemonSet replaces a pod. With the strategy OnDelete it replaces none.
func daemonPodOutdated(set *appsv1.DaemonSet, pod *corev1.Pod, current string) bool {
	hash := pod.Labels[appsv1.ControllerRevisionHashLabelKey]
	return hash != "" && current != "" && hash != current &&
		set.DeletionTimestamp == nil && set.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType
}

// daemonSetChanged reports whether an update can affect which pods the DaemonSet replaces.
func daemonSetChanged(before, after *appsv1.DaemonSet) bool {
	return before.UID != after.UID || (before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		before.Spec.UpdateStrategy.Type != after.Spec.UpdateStrategy.Type ||
		before.Annotations[appsv1.DeprecatedTemplateGeneration] != after.Annotations[appsv1.DeprecatedTemplateGeneration]
}
