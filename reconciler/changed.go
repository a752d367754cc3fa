package reconciler

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/tanist-dev/tanist/config"
)

// sameSlice reports whether a slice already says what is desired. Labels and annotations that are not ours are someone else's.
func sameSlice(current, desired *discoveryv1.EndpointSlice) bool {
	return sameTraffic(current, desired) &&
		contains(current.Labels, desired.Labels) &&
		sameState(current.Annotations, desired.Annotations) &&
		apiequality.Semantic.DeepEqual(current.OwnerReferences, desired.OwnerReferences)
}

// sameTraffic reports whether kube-proxy would do the same with both.
func sameTraffic(current, desired *discoveryv1.EndpointSlice) bool {
	return slices.EqualFunc(current.Endpoints, desired.Endpoints, sameEndpoint) &&
		apiequality.Semantic.DeepEqual(current.Ports, desired.Ports)
}

// sameEndpoint ignores which version of the pod was seen: a pod that only reports its status again costs no write.
func sameEndpoint(a, b discoveryv1.Endpoint) bool {
	a.TargetRef, b.TargetRef = withoutVersion(a.TargetRef), withoutVersion(b.TargetRef)
	return apiequality.Semantic.DeepEqual(a, b)
}

func withoutVersion(ref *corev1.ObjectReference) *corev1.ObjectReference {
	if ref == nil {
		return nil
	}
	without := *ref
	without.ResourceVersion = ""
	return &without
}

// stateKeys are the annotations that say who leads.
var stateKeys = []string{config.TermKey, config.LeaderKey, config.LeaderSinceKey, config.ReasonKey}

// sameState reports whether two objects' annotations say the same of the leader.
func sameState(a, b map[string]string) bool {
	for _, key := range stateKeys {
		inA, okA := a[key]
		inB, okB := b[key]
		if inA != inB || okA != okB {
			return false
		}
	}
	return true
}

// reportKeys are the annotations that a leader Service says it with.
var reportKeys = append(slices.Clone(stateKeys), config.SuccessorKey)

// sameReport reports whether two leader Services' annotations say the same of the leader and its successor.
func sameReport(a, b map[string]string) bool {
	return sameState(a, b) && a[config.SuccessorKey] == b[config.SuccessorKey]
}

func contains(all, some map[string]string) bool {
	for key, value := range some {
		if got, ok := all[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// replacing is the one write of a hand-over: the slice as it was decided upon, with endpoints, ports, our labels and our annotations
// replaced. It keeps the resourceVersion, so it is refused when the slice is no longer that version, and nothing of anyone else's is
// lost although it is no patch, for which the API server would need longer. It shares its parts with both.
func replacing(current, desired *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	next := *current
	next.ManagedFields = nil // keeps those that the API server has
	next.Labels = with(current.Labels, desired.Labels)
	others := maps.Clone(current.Annotations)
	delete(others, corev1.EndpointsLastChangeTriggerTime)
	for _, key := range stateKeys {
		delete(others, key)
	}
	next.Annotations = with(others, desired.Annotations)
	next.OwnerReferences, next.Endpoints, next.Ports = desired.OwnerReferences, desired.Endpoints, desired.Ports
	return &next
}

// stampTrigger notes on a slice whose traffic changes when its cause was seen. kube-proxy makes its network-programming latency of
// it. Without a known cause there is none: an old one would be counted again.
func stampTrigger(desired *discoveryv1.EndpointSlice, cause time.Time) {
	if !cause.IsZero() {
		desired.Annotations[corev1.EndpointsLastChangeTriggerTime] = cause.UTC().Format(time.RFC3339Nano)
	}
}
