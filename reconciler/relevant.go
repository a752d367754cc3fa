package reconciler

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// podChanged reports whether an update of a pod can change who leads. Any other costs no reconciliation.
func podChanged(before, after *corev1.Pod) bool {
	return readiness(before) != readiness(after) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		before.Status.Phase != after.Status.Phase ||
		!apiequality.Semantic.DeepEqual(before.Status.PodIPs, after.Status.PodIPs) ||
		!maps.Equal(before.Labels, after.Labels) ||
		before.Annotations[config.PriorityKey] != after.Annotations[config.PriorityKey] ||
		before.Annotations[corev1.PodDeletionCost] != after.Annotations[corev1.PodDeletionCost] ||
		disrupted(before) != disrupted(after) ||
		controllerUID(before) != controllerUID(after) ||
		before.Spec.NodeName != after.Spec.NodeName ||
		before.UID != after.UID
}

// readiness is the Ready condition's status; a condition that is not there is its own.
func readiness(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.PodReady)
}

func disrupted(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.DisruptionTarget)
}

func conditionStatus(pod *corev1.Pod, kind corev1.PodConditionType) corev1.ConditionStatus {
	if condition := podCondition(pod, kind); condition != nil {
		return condition.Status
	}
	return ""
}

// serviceChanged reports whether an update of a Service, ours or a user's, is more than our own report in its annotations.
func serviceChanged(before, after *corev1.Service) bool {
	return before.UID != after.UID ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!maps.Equal(wishes(before), wishes(after)) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences) ||
		!apiequality.Semantic.DeepEqual(before.Spec, after.Spec)
}

// wishes are the annotations that users write and we read: those of our domain, and those that are copied.
func wishes(service *corev1.Service) map[string]string {
	wishes := copyableAnnotations(service.Annotations)
	for _, key := range reportKeys {
		delete(wishes, key)
	}
	return wishes
}

// sameWithoutNotes reports whether two versions of a Service differ in nothing but what the Lease holder notes on a leader Service for
// later. That makes nothing stale that is known of who leads.
func sameWithoutNotes(before, after *corev1.Service) bool {
	without := func(service *corev1.Service) *corev1.Service {
		copied := *service
		copied.Annotations = maps.Clone(service.Annotations)
		for _, key := range []string{config.LastGoodKey, config.InstallationKey, config.OrphanedSinceKey} {
			delete(copied.Annotations, key)
		}
		return &copied
	}
	return !serviceChanged(without(before), without(after))
}

// namespaceChanged reports whether an update opts a namespace in or out.
func namespaceChanged(before, after *metav1.PartialObjectMetadata) bool {
	return config.Enabled(before.Labels) != config.Enabled(after.Labels) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil)
}

// sliceMetaChanged reports whether an update of a slice changes whose it is or whose traffic it takes.
func sliceMetaChanged(before, after *discoveryv1.EndpointSlice) bool {
	return before.UID != after.UID ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences)
}
