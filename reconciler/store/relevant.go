package store

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// PodChanged reports whether an update of a pod can change who leads. Any other costs no reconciliation.
func PodChanged(before, after *corev1.Pod) bool {
	return readiness(before) != readiness(after) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		before.Status.Phase != after.Status.Phase ||
		!apiequality.Semantic.DeepEqual(before.Status.PodIPs, after.Status.PodIPs) ||
		!maps.Equal(before.Labels, after.Labels) ||
		before.Annotations[config.PriorityKey] != after.Annotations[config.PriorityKey] ||
		before.Annotations[corev1.PodDeletionCost] != after.Annotations[corev1.PodDeletionCost] ||
		Disrupted(before) != Disrupted(after) ||
		ControllerUID(before) != ControllerUID(after) ||
		before.Spec.NodeName != after.Spec.NodeName ||
		before.UID != after.UID
}

// readiness is the Ready condition's status; a condition that is not there is its own.
func readiness(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.PodReady)
}

func Disrupted(pod *corev1.Pod) corev1.ConditionStatus {
	return conditionStatus(pod, corev1.DisruptionTarget)
}

func conditionStatus(pod *corev1.Pod, kind corev1.PodConditionType) corev1.ConditionStatus {
	if condition := PodCondition(pod, kind); condition != nil {
		return condition.Status
	}
	return ""
}

// ServiceChanged reports whether an update of a Service, ours or a user's, is more than our own report in its annotations.
func ServiceChanged(before, after *corev1.Service) bool {
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
	for _, key := range leaderslice.ReportKeys {
		delete(wishes, key)
	}
	return wishes
}

// SameWithoutNotes reports whether two versions of a Service differ in nothing but what the Lease holder notes on a leader Service for
// later. That makes nothing stale that is known of who leads.
func SameWithoutNotes(before, after *corev1.Service) bool {
	without := func(service *corev1.Service) *corev1.Service {
		copied := *service
		copied.Annotations = maps.Clone(service.Annotations)
		for _, key := range []string{config.LastGoodKey, config.InstallationKey, config.OrphanedSinceKey} {
			delete(copied.Annotations, key)
		}
		return &copied
	}
	return !ServiceChanged(without(before), without(after))
}

// namespaceChanged reports whether an update opts a namespace in or out.
func namespaceChanged(before, after *metav1.PartialObjectMetadata) bool {
	return config.Enabled(before.Labels) != config.Enabled(after.Labels) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil)
}

// SliceMetaChanged reports whether an update of a slice changes whose it is or whose traffic it takes.
func SliceMetaChanged(before, after *discoveryv1.EndpointSlice) bool {
	return before.UID != after.UID ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences)
}

// Concerned are the Services that have to be reconciled when these change: those that opted in, and those that a leader Service
// was made for. Services that have nothing to do with Tanist concern nobody.
func Concerned(services ...*corev1.Service) []types.NamespacedName {
	var keys []types.NamespacedName
	add := func(key types.NamespacedName) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, service := range services {
		if _, annotated := service.Annotations[config.EnabledKey]; annotated {
			add(client.ObjectKeyFromObject(service))
		}
		if source := leaderslice.SourceOfLeaderService(service); source.Name != "" {
			add(source)
		}
	}
	return keys
}

func PodCondition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}
