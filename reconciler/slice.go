package reconciler

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// sinceLayout is RFC 3339 to the millisecond: what time.RFC3339 parses, and short enough to read.
const sinceLayout = "2006-01-02T15:04:05.000Z07:00"

// sliceName is the one name that a leader Service's slice of a family can have: two replicas that create it at once cannot both.
func sliceName(leaderService string, family discoveryv1.AddressType) string {
	return leaderService + "-" + strings.ToLower(string(family))
}

// sliceContent is what all slices of a leader Service should say.
type sliceContent struct {
	source, leaderService *corev1.Service
	state                 cache.State
	// pod is the leader's; nil when nobody leads.
	pod *corev1.Pod
}

// slice is the EndpointSlice of one family, without a resourceVersion.
func (c sliceContent) slice(family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.leaderService.Namespace,
			Name:      sliceName(c.leaderService.Name, family),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: c.leaderService.Name,
				discoveryv1.LabelManagedBy:   config.SliceManagedBy,
				managedByLabel:               config.ManagedBy,
				config.SourceServiceKey:      c.source.Name,
			},
			Annotations:     stateAnnotations(c.state),
			OwnerReferences: []metav1.OwnerReference{controlledBy(c.leaderService)},
		},
		AddressType: family,
		Endpoints:   []discoveryv1.Endpoint{},
		Ports:       []discoveryv1.EndpointPort{},
	}
	if c.pod == nil {
		return slice
	}
	// A port or a family that the pod does not have is left out; one that has none of them is never elected.
	if address := address(c.pod, family); address != "" {
		slice.Endpoints = append(slice.Endpoints, endpoint(c.pod, address, c.state.Leader.Ready))
	}
	slice.Ports, _ = slicePorts(c.source.Spec.Ports, c.pod)
	return slice
}

// endpoint is the leader's. One that is not ready is terminating and still serves: the last resort of kube-proxy. Hints and zone
// are left out: they exist to choose between endpoints, and would hide the only one.
func endpoint(pod *corev1.Pod, address string, ready bool) discoveryv1.Endpoint {
	serving, terminating := true, !ready
	e := discoveryv1.Endpoint{
		Addresses:  []string{address},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		TargetRef: &corev1.ObjectReference{
			Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
			// What this was decided upon, for replicas that have not seen it yet.
			ResourceVersion: pod.ResourceVersion,
		},
	}
	if pod.Spec.NodeName != "" {
		node := pod.Spec.NodeName
		e.NodeName = &node
	}
	return e
}

// stateAnnotations say who leads; on the slices, and mirrored on the leader Service.
func stateAnnotations(state cache.State) map[string]string {
	annotations := map[string]string{config.TermKey: strconv.FormatInt(state.Term, 10)}
	if state.Leader.Name != "" {
		annotations[config.LeaderKey] = state.Leader.Name
		annotations[config.LeaderSinceKey] = state.Since.UTC().Format(sinceLayout)
	}
	if state.Reason != "" {
		annotations[config.ReasonKey] = state.Reason
	}
	return annotations
}

// parseSlice reads what a slice says of the leader.
func parseSlice(slice *discoveryv1.EndpointSlice) cache.Slice {
	parsed := cache.Slice{Name: slice.Name, UID: slice.UID, ResourceVersion: slice.ResourceVersion, Object: slice}
	if owner := metav1.GetControllerOfNoCopy(slice); owner != nil &&
		ownsSlice(slice, slice.Labels[config.SourceServiceKey], owner.Name, owner.UID) {
		parsed.Owner = owner.UID
	}
	parsed.State, parsed.Intact = parseState(slice)
	if parsed.Intact && len(slice.Endpoints) == 1 {
		parsed.PodVersion = slice.Endpoints[0].TargetRef.ResourceVersion
	}
	return parsed
}

// parseState reports false when annotations and endpoints do not agree on one leader (or none) and its term: someone else wrote
// them.
func parseState(slice *discoveryv1.EndpointSlice) (cache.State, bool) {
	term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if err != nil || term < 0 {
		return cache.State{}, false
	}
	state := cache.State{Term: term, Reason: slice.Annotations[config.ReasonKey]}
	name := slice.Annotations[config.LeaderKey]
	if name == "" {
		return state, len(slice.Endpoints) == 0
	}
	if len(slice.Endpoints) != 1 {
		return cache.State{}, false
	}
	endpoint := &slice.Endpoints[0]
	if endpoint.TargetRef == nil || endpoint.TargetRef.Kind != "Pod" || endpoint.TargetRef.UID == "" || endpoint.TargetRef.Name != name {
		return cache.State{}, false
	}
	state.Leader = cache.Leader{UID: endpoint.TargetRef.UID, Name: name, Ready: endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready}
	if endpoint.NodeName != nil {
		state.Leader.Node = *endpoint.NodeName
	}
	// Who leads matters, since when is for people: a time that does not parse is replaced when the slice is repaired.
	state.Since, _ = time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey])
	return state, true
}
