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
		Leaving: parseLeaving(slice.Annotations[config.LeavingKey]), Losses: parseLosses(slice.Annotations[config.LostKey]),
		OldLeader: parseOldLeader(slice.Annotations),
	}
}

// parseState returns who leads according to a slice. The annotations have the term and the pod's name. The pod's UID is taken from the
// basis if the basis was written with this term (see BasisAnnotation), otherwise from the endpoint if its name is that of the annotation,
// or if there is no annotation. An endpoint that contradicts them is ignored here, and repaired by the failover controller.
func parseState(slice *discoveryv1.EndpointSlice, leader types.UID, bound bool) State {
	state := State{Term: ParseTerm(slice.Annotations), Reason: slice.Annotations[config.ReasonKey]}
	// A time that cannot be parsed is zero: the leader then follows no failure, and cannot be identified by its name alone. The failover
	// controller writes the current time instead.
	state.Since, _ = time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey])
	// Without a matching endpoint Ready is false, whatever the pod says.
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
