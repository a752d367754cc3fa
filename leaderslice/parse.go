package leaderslice

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// Parse returns what a slice says.
func Parse(slice *discoveryv1.EndpointSlice) Slice {
	leader, basis, bound := ParseBasis(slice.Annotations)
	return Slice{
		Name: slice.Name, UID: slice.UID, ResourceVersion: slice.ResourceVersion, Object: slice,
		State: parseState(slice, leader, bound), Basis: basis, WrittenTerm: parseWrittenTerm(slice.Annotations),
		Leaving: parseLeaving(slice.Annotations[config.LeavingKey]),
	}
}

// parseState returns who leads by a slice. Annotations have the term and the pod's name. The pod's UID is in the basis if that is bound to
// the term, else in the endpoint if that has the pod's name. An endpoint that contradicts the annotations is damage, which is repaired.
func parseState(slice *discoveryv1.EndpointSlice, leader types.UID, bound bool) State {
	state := State{Term: ParseTerm(slice.Annotations), Reason: slice.Annotations[config.ReasonKey]}
	// Only people read since when the pod leads. A time that cannot be parsed stays zero until the next term.
	state.Since, _ = time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey])
	state.Leader = Leader{UID: leader, Name: slice.Annotations[config.LeaderKey]}
	var ref *corev1.ObjectReference
	if len(slice.Endpoints) == 1 {
		ref = slice.Endpoints[0].TargetRef
	}
	if ref == nil || ref.Kind != "Pod" || ref.UID == "" {
		return state
	}
	if bound && ref.UID == leader || !bound && (state.Leader.Name == "" || ref.Name == state.Leader.Name) {
		e := &slice.Endpoints[0]
		state.Leader = Leader{UID: ref.UID, Name: ref.Name, Ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
		if e.NodeName != nil {
			state.Leader.Node = *e.NodeName
		}
	}
	return state
}
