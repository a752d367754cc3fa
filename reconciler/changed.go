package reconciler

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// slicePatch is the one write of a hand-over: a merge patch that replaces endpoints, ports and our annotations, and is refused
// when the slice is no longer the version that was decided upon.
type slicePatch struct {
	Metadata  slicePatchMetadata         `json:"metadata"`
	Endpoints []discoveryv1.Endpoint     `json:"endpoints"`
	Ports     []discoveryv1.EndpointPort `json:"ports"`
}

type slicePatchMetadata struct {
	ResourceVersion string            `json:"resourceVersion"`
	Labels          map[string]string `json:"labels"`
	// Annotations that are nil are removed.
	Annotations     map[string]*string      `json:"annotations"`
	OwnerReferences []metav1.OwnerReference `json:"ownerReferences"`
}

func newSlicePatch(resourceVersion string, desired *discoveryv1.EndpointSlice) ([]byte, error) {
	patch := slicePatch{
		Metadata: slicePatchMetadata{
			ResourceVersion: resourceVersion, Labels: desired.Labels, OwnerReferences: desired.OwnerReferences,
			Annotations: map[string]*string{},
		},
		Endpoints: desired.Endpoints, Ports: desired.Ports,
	}
	for _, key := range append([]string{corev1.EndpointsLastChangeTriggerTime}, stateKeys...) {
		patch.Metadata.Annotations[key] = nil
		if value, ok := desired.Annotations[key]; ok {
			patch.Metadata.Annotations[key] = &value
		}
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("failed to encode patch of EndpointSlice: %w", err)
	}
	return body, nil
}

// stampTrigger notes on a slice whose traffic changes when its cause was seen. kube-proxy makes its network-programming latency of
// it. Without a known cause there is none: an old one would be counted again.
func stampTrigger(desired *discoveryv1.EndpointSlice, cause time.Time) {
	if !cause.IsZero() {
		desired.Annotations[corev1.EndpointsLastChangeTriggerTime] = cause.UTC().Format(time.RFC3339Nano)
	}
}
