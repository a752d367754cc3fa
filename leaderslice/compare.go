package leaderslice

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/tanist-dev/tanist/config"
)

// SameSlice reports whether a slice already says what is desired. Labels, annotations and owners that are not ours are someone else's.
func SameSlice(current, desired *discoveryv1.EndpointSlice) bool {
	return SameTraffic(current, desired) &&
		contains(current.Labels, desired.Labels) &&
		SameState(current.Annotations, desired.Annotations) &&
		apiequality.Semantic.DeepEqual(current.OwnerReferences, WithController(current.OwnerReferences, desired.OwnerReferences[0]))
}

// SameTraffic reports whether kube-proxy would do the same with both.
func SameTraffic(current, desired *discoveryv1.EndpointSlice) bool {
	return slices.EqualFunc(current.Endpoints, desired.Endpoints, func(a, b discoveryv1.Endpoint) bool {
		a.TargetRef, b.TargetRef = withoutVersion(a.TargetRef), withoutVersion(b.TargetRef)
		return apiequality.Semantic.DeepEqual(a, b)
	}) && apiequality.Semantic.DeepEqual(current.Ports, desired.Ports)
}

// withoutVersion ignores which version of the pod was seen: earlier versions of Tanist noted it there.
func withoutVersion(ref *corev1.ObjectReference) *corev1.ObjectReference {
	if ref == nil {
		return nil
	}
	without := *ref
	without.ResourceVersion = ""
	return &without
}

// SameEndpoints reports whether the same pod gets the traffic of both, at the same addresses.
func SameEndpoints(current, desired *discoveryv1.EndpointSlice) bool {
	return slices.EqualFunc(current.Endpoints, desired.Endpoints, func(a, b discoveryv1.Endpoint) bool {
		return slices.Equal(a.Addresses, b.Addresses) && apiequality.Semantic.DeepEqual(a.Conditions, b.Conditions) &&
			a.TargetRef != nil && b.TargetRef != nil && a.TargetRef.UID == b.TargetRef.UID
	})
}

// StateKeys are the annotations that say who leads.
var StateKeys = []string{config.TermKey, config.LeaderKey, config.LeaderSinceKey, config.ReasonKey}

// RecordKeys are those that a slice says it with.
var RecordKeys = append(slices.Clone(StateKeys), config.BasisKey, config.LeavingKey)

// SameState reports whether two objects' annotations say the same of the leader.
func SameState(a, b map[string]string) bool {
	for _, key := range StateKeys {
		inA, okA := a[key]
		inB, okB := b[key]
		if inA != inB || okA != okB {
			return false
		}
	}
	return true
}

// ReportKeys are the annotations that a leader Service says it with.
var ReportKeys = append(slices.Clone(StateKeys), config.SuccessorKey)

// SameReport reports whether two leader Services' annotations say the same of the leader and its successor.
func SameReport(a, b map[string]string) bool {
	return SameState(a, b) && a[config.SuccessorKey] == b[config.SuccessorKey]
}

// IsOurs reports whether an annotation is one of Tanist's, of this version or another.
func IsOurs(key string) bool {
	return strings.HasPrefix(key, config.Domain+"/")
}

func contains(all, some map[string]string) bool {
	for key, value := range some {
		if got, ok := all[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// StampTrigger notes on a slice whose traffic changes when its trigger was seen. kube-proxy makes its network-programming latency of
// it. Without a known trigger there is none: an old one would be counted again.
func StampTrigger(desired *discoveryv1.EndpointSlice, trigger time.Time) {
	if !trigger.IsZero() {
		desired.Annotations[corev1.EndpointsLastChangeTriggerTime] = trigger.UTC().Format(time.RFC3339Nano)
	}
}

func ChangedKeys(kind string, before, after map[string]string) []string {
	keys := slices.Sorted(maps.Keys(Merge(before, after)))
	var all []string
	for _, key := range keys {
		was, had := before[key]
		is, has := after[key]
		if was != is || had != has {
			all = append(all, kind+key+"="+is)
		}
	}
	return all
}

// Merge is a copy of a map with some values set.
func Merge(values, set map[string]string) map[string]string {
	merged := make(map[string]string, len(values)+len(set))
	maps.Copy(merged, values)
	maps.Copy(merged, set)
	return merged
}
