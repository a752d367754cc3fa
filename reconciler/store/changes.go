package store

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// PodChanged reports whether an update of a pod can change who leads. Other updates cause no reconciliation.
func PodChanged(before, after *corev1.Pod) bool {
	return readyStatus(before) != readyStatus(after) || trim.MarkedNotReady(before) != trim.MarkedNotReady(after) ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		before.Status.Phase != after.Status.Phase ||
		!apiequality.Semantic.DeepEqual(before.Status.PodIPs, after.Status.PodIPs) ||
		!maps.Equal(before.Labels, after.Labels) ||
		before.Annotations[config.PriorityKey] != after.Annotations[config.PriorityKey] ||
		before.Annotations[config.CandidateKey] != after.Annotations[config.CandidateKey] ||
		before.Annotations[corev1.PodDeletionCost] != after.Annotations[corev1.PodDeletionCost] ||
		DisruptionTargetStatus(before) != DisruptionTargetStatus(after) ||
		ControllerUID(before) != ControllerUID(after) ||
		before.Spec.NodeName != after.Spec.NodeName ||
		trim.TooLarge(before) != trim.TooLarge(after) ||
		before.UID != after.UID
}

// CustomConditionsChanged reports whether a pod in memory has other conditions of applications than before. Only the Services that ask for
// one of them are concerned (config.CandidateConditionKey).
func CustomConditionsChanged(before, after *corev1.Pod) bool {
	custom := func(pod *corev1.Pod) (types []corev1.PodConditionType) {
		for i := range pod.Status.Conditions {
			if kind := pod.Status.Conditions[i].Type; config.CustomCondition(string(kind)) {
				types = append(types, kind)
			}
		}
		slices.Sort(types)
		return types
	}
	return !slices.Equal(custom(before), custom(after))
}

// ServiceChanged reports whether an update of a Service, a leader Service or another, changes more than the annotations in which Tanist
// reports who leads.
func ServiceChanged(before, after *corev1.Service) bool {
	return before.UID != after.UID ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		trim.TooLarge(before) != trim.TooLarge(after) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!maps.Equal(withoutReport(before), withoutReport(after)) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences) ||
		!apiequality.Semantic.DeepEqual(before.Spec, after.Spec)
}

// withoutReport returns the annotations that Tanist reads or copies, without those in which it reports who leads.
func withoutReport(service *corev1.Service) map[string]string {
	annotations := trim.ServiceAnnotations(service.Annotations)
	for _, key := range leaderslice.ReportKeys {
		delete(annotations, key)
	}
	return annotations
}

// SameExceptBookkeeping reports whether two versions of a Service differ at most in the annotations that the holder of the Lease keeps for
// itself on a leader Service. The leader cache need not be invalidated then.
func SameExceptBookkeeping(before, after *corev1.Service) bool {
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

// SliceMetaChanged reports whether an update of a slice may change which Service it belongs to, or whose traffic it takes.
func SliceMetaChanged(before, after *discoveryv1.EndpointSlice) bool {
	return before.UID != after.UID ||
		(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
		!maps.Equal(before.Labels, after.Labels) ||
		!apiequality.Semantic.DeepEqual(before.OwnerReferences, after.OwnerReferences)
}

// AffectedServices returns the keys of the Services to reconcile when these change: those that have our annotation, and those whose leader
// Services they are. Services that have nothing to do with Tanist affect none.
func AffectedServices(services ...*corev1.Service) []types.NamespacedName {
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

// NamespaceHandler enqueues the Services of a namespace that opts in or out.
func NamespaceHandler(stores *Stores) handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	enqueue := func(q Queue, namespace string) {
		for _, service := range stores.EnabledServices(namespace) {
			addLater(q, client.ObjectKeyFromObject(service))
		}
	}
	return handler.TypedFuncs[*metav1.PartialObjectMetadata, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*metav1.PartialObjectMetadata], q Queue) {
			if !e.IsInInitialList { // a new namespace: the events of its Services may have come first
				enqueue(q, e.Object.Name)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*metav1.PartialObjectMetadata], q Queue) {
			if namespaceChanged(e.ObjectOld, e.ObjectNew) {
				enqueue(q, e.ObjectNew.Name)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*metav1.PartialObjectMetadata], q Queue) {
			enqueue(q, e.Object.Name)
		},
	}
}
