package leaderslice

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
)

// SameSlice reports whether a slice is as desired. Others may add labels, annotations and owners. The annotations that only accompany a move,
// such as the history, are not compared, so that they are never a reason for a write.
func SameSlice(current, desired *discoveryv1.EndpointSlice) bool {
	return SameTraffic(current, desired) &&
		contains(current.Labels, desired.Labels) &&
		SameState(current.Annotations, desired.Annotations) &&
		apiequality.Semantic.DeepEqual(current.OwnerReferences, WithController(current.OwnerReferences, desired.OwnerReferences[0]))
}

// SameTraffic reports whether kube-proxy treats two slices alike.
func SameTraffic(current, desired *discoveryv1.EndpointSlice) bool {
	return slices.EqualFunc(current.Endpoints, desired.Endpoints, func(a, b discoveryv1.Endpoint) bool {
		a.TargetRef, b.TargetRef = withoutVersion(a.TargetRef), withoutVersion(b.TargetRef)
		return apiequality.Semantic.DeepEqual(a, b)
	}) && apiequality.Semantic.DeepEqual(current.Ports, desired.Ports)
}

// withoutVersion removes the resourceVersion, which earlier versions of Tanist wrote.
func withoutVersion(ref *corev1.ObjectReference) *corev1.ObjectReference {
	if ref == nil {
		return nil
	}
	without := *ref
	without.ResourceVersion = ""
	return &without
}

// SameEndpoints reports whether two slices send traffic to the same pod at the same addresses.
func SameEndpoints(current, desired *discoveryv1.EndpointSlice) bool {
	return slices.EqualFunc(current.Endpoints, desired.Endpoints, func(a, b discoveryv1.Endpoint) bool {
		return slices.Equal(a.Addresses, b.Addresses) && apiequality.Semantic.DeepEqual(a.Conditions, b.Conditions) &&
			a.TargetRef != nil && b.TargetRef != nil && a.TargetRef.UID == b.TargetRef.UID
	})
}

// contains reports whether a map has all entries of another.
func contains(all, some map[string]string) bool {
	for key, value := range some {
		if got, ok := all[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// ChangedKeys returns the changes of a map as text, each with a prefix: "label a=b". A removed key has an empty value.
func ChangedKeys(prefix string, before, after map[string]string) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(labels.Merge(before, after))) {
		was, had := before[key]
		is, has := after[key]
		if was != is || had != has {
			all = append(all, prefix+key+"="+is)
		}
	}
	return all
}
