package leaderservice

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// isLeftover reports whether one of Kubernetes' own controllers has made a slice for a leader Service that had a selector.
func isLeftover(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	owner := metav1.GetControllerOfNoCopy(slice)
	if owner == nil || !takesTraffic(slice, leaderService) {
		return false
	}
	switch slice.Labels[discoveryv1.LabelManagedBy] {
	case leaderslice.EndpointSliceController:
		return leaderslice.ControlledByUID(slice, leaderService.UID)
	case leaderslice.MirroringController:
		return owner.APIVersion == "v1" && owner.Kind == "Endpoints" && owner.Name == leaderService.Name
	default:
		return false
	}
}

// copiesOurLabels reports whether a slice of Kubernetes' own controllers has the labels of a leader Service.
func copiesOurLabels(slice *discoveryv1.EndpointSlice) bool {
	return slice.Labels[config.SourceServiceKey] != "" || slice.Labels[config.ManagedByKey] == config.ManagedBy
}

// takesTraffic reports whether kube-proxy uses a slice for a Service.
func takesTraffic(slice *discoveryv1.EndpointSlice, service *corev1.Service) bool {
	return slice.Labels[discoveryv1.LabelServiceName] == service.Name
}

// ownsSlice reports whether one of the source's leader Services controls a slice, or did so before a restore.
func (in input) ownsSlice(slice *discoveryv1.EndpointSlice) bool {
	return slices.ContainsFunc(in.leaderServices, func(service *corev1.Service) bool {
		return in.owns(service) && (leaderslice.OwnsSlice(slice, service) || restoredSlice(slice, service))
	})
}

// restoredSlice reports whether a slice without a controller that exists was a leader Service's: a restore dropped the owner reference, or
// re-created the leader Service. The slice has our labels, and a name that Tanist gives to the slices of this leader Service. The label
// managed-by must be ours: otherwise another program made the slice.
func restoredSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	return leaderslice.AdoptableSlice(slice, leaderService) && takesTraffic(slice, leaderService) &&
		slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy &&
		(slice.Name == leaderslice.Name(leaderService.Name, discoveryv1.AddressTypeIPv4) ||
			slice.Name == leaderslice.Name(leaderService.Name, discoveryv1.AddressTypeIPv6))
}

// slicesOf returns the slices that these leader Services control.
func (in input) slicesOf(leaderServices []*corev1.Service) []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	for _, slice := range in.slices {
		if slice.DeletionTimestamp == nil &&
			slices.ContainsFunc(leaderServices, func(service *corev1.Service) bool { return leaderslice.OwnsSlice(slice, service) }) {
			all = append(all, slice)
		}
	}
	return all
}

// recordedState returns who leads according to the primary slice, or, without one, according to the leader cache. So a leader Service that
// is re-created shows who led, although the slices of the previous one are gone.
func (in input) recordedState(state leaderslice.State) leaderslice.State {
	for _, slice := range in.slices {
		if in.existing != nil && slice.Name == leaderslice.Names(in.existing)[0] && in.ownsSlice(slice) {
			state = leaderslice.Parse(slice).State
		}
	}
	if state.Term == 0 { // without a term nothing is known, and the leader Service keeps its annotations
		return leaderslice.State{}
	}
	return state
}

// hasLeftovers reports whether Kubernetes' controllers have made a slice for a leader Service. Then load has to read the Service and its
// Endpoints live.
func (in input) hasLeftovers(leaderService *corev1.Service) bool {
	return slices.ContainsFunc(in.slices, func(slice *discoveryv1.EndpointSlice) bool {
		return slice.DeletionTimestamp == nil && isLeftover(slice, leaderService)
	})
}

// stillOursWithoutSelector reports whether a Service that was read live is still the source's leader Service, is not being deleted, and has
// no selector.
func stillOursWithoutSelector(live, leaderService, source *corev1.Service) bool {
	return live.UID == leaderService.UID && live.DeletionTimestamp == nil && leaderslice.OwnsLeaderService(live, source) && len(live.Spec.Selector) == 0
}
