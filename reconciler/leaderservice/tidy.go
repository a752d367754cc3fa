package leaderservice

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/retry"
)

// Endpoints objects that Kubernetes' own controller makes have this label. One without it is a user's.
const (
	endpointsManagedBy  = "endpoints.kubernetes.io/managed-by"
	endpointsController = "endpoint-controller"
)

// tidy is what there is to do about the EndpointSlices of a leader Service: kube-proxy uses every one with its name. Ours by a name that
// is not (any longer) one of ours go. So does what Kubernetes' controllers have left from a moment with a selector; its Endpoints object
// goes first, because the mirroring controller makes a slice of it again and again. Anything else is someone's own, and only told.
func (c *plan) tidy(h input, leaderService *corev1.Service) {
	expected := leaderslice.Names(leaderService)
	leftovers := false
	for _, slice := range h.slices {
		switch {
		case slice.DeletionTimestamp != nil, slices.Contains(expected, slice.Name):
		case leftByKubernetes(slice, leaderService) && !h.mirrorsUsersEndpoints(slice):
			leftovers = true
			if h.bare {
				c.deleteSlices = append(c.deleteSlices, slice)
			}
		case h.ownsSlice(slice):
			c.deleteSlices = append(c.deleteSlices, slice)
		case takesTraffic(slice, leaderService):
			c.foreign++
			c.warnings = append(c.warnings, h.foreignSlice(slice, leaderService))
		}
	}
	switch {
	case !leftovers:
	case !h.bare: // the selector has not been taken away yet
		c.requeueAfter = retry.MinNonZero(c.requeueAfter, outdatedDelay)
	case h.endpoints != nil && h.endpoints.DeletionTimestamp == nil && !h.usersEndpoints():
		c.deleteEndpoints = h.endpoints
	}
}

// leftByKubernetes reports whether one of Kubernetes' own controllers made a slice for a leader Service.
func leftByKubernetes(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
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

// mirrorsUsersEndpoints reports whether a slice is the copy of an Endpoints object that a user made.
func (h input) mirrorsUsersEndpoints(slice *discoveryv1.EndpointSlice) bool {
	return slice.Labels[discoveryv1.LabelManagedBy] == leaderslice.MirroringController && h.usersEndpoints()
}

// usersEndpoints reports whether the Endpoints object of the leader Service's name is there, and not one that Kubernetes made.
func (h input) usersEndpoints() bool {
	return h.endpoints != nil && h.endpoints.Labels[endpointsManagedBy] != endpointsController
}

// takesTraffic reports whether kube-proxy uses a slice for a Service.
func takesTraffic(slice *discoveryv1.EndpointSlice, service *corev1.Service) bool {
	return slice.Labels[discoveryv1.LabelServiceName] == service.Name
}

// ownsSlice reports whether one of our leader Services controls a slice, or did before a backup dropped that.
func (h input) ownsSlice(slice *discoveryv1.EndpointSlice) bool {
	return slices.ContainsFunc(h.services, func(service *corev1.Service) bool {
		return h.owns(service) && (leaderslice.OwnsSlice(slice, service) || restoredSlice(slice, service))
	})
}

// restoredSlice reports whether a slice that nobody controls was a leader Service's: it has our labels and a name that only one of ours
// has. A slice that says another program made it is that program's.
func restoredSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	return leaderslice.AdoptableSlice(slice, leaderService) && takesTraffic(slice, leaderService) &&
		slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy &&
		(slice.Name == leaderslice.Name(leaderService.Name, discoveryv1.AddressTypeIPv4) ||
			slice.Name == leaderslice.Name(leaderService.Name, discoveryv1.AddressTypeIPv6))
}

// slicesOf are the slices that these leader Services control.
func (h input) slicesOf(leaderServices []*corev1.Service) []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	for _, slice := range h.slices {
		if slice.DeletionTimestamp == nil &&
			slices.ContainsFunc(leaderServices, func(service *corev1.Service) bool { return leaderslice.OwnsSlice(slice, service) }) {
			all = append(all, slice)
		}
	}
	return all
}

// foreignSlice is about a slice that is someone else's and takes a share of the traffic.
func (h input) foreignSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) notify.Warning {
	told := notify.Warning{Object: h.source, Related: slice, Reason: notify.ReasonForeignSlice, Action: notify.ActionMirror}
	if h.mirrorsUsersEndpoints(slice) {
		told.Note = fmt.Sprintf("EndpointSlice %s takes traffic of Service %s past the leader. It is Kubernetes' copy of Endpoints %s, "+
			"which was made by hand and is left alone: delete that Endpoints object, and the copy goes with it",
			slice.Name, leaderService.Name, leaderService.Name)
		return told
	}
	maker := cmp.Or(slice.Labels[discoveryv1.LabelManagedBy], "nobody it names")
	told.Note = fmt.Sprintf("EndpointSlice %s takes traffic of Service %s past the leader. It was made by %s and is left alone: "+
		"have its maker stop, and then take its label %s away or delete it",
		slice.Name, leaderService.Name, maker, discoveryv1.LabelServiceName)
	return told
}

// newest is who leads by the primary family's slice, or else by the leader cache: a leader Service that is made anew is the memory of
// who led when its predecessor's slices are gone.
func (h input) newest(state leaderslice.State) leaderslice.State {
	for _, slice := range h.slices {
		if h.existing != nil && slice.Name == leaderslice.Names(h.existing)[0] && h.ownsSlice(slice) {
			state = leaderslice.Parse(slice).State
		}
	}
	if state.Term == 0 {
		return leaderslice.State{}
	}
	return state
}

// hasLeftovers reports whether there is a slice of Kubernetes' controllers, so that what it came from has to be read.
func (h input) hasLeftovers(leaderService *corev1.Service) bool {
	return slices.ContainsFunc(h.slices, func(slice *discoveryv1.EndpointSlice) bool {
		return slice.DeletionTimestamp == nil && leftByKubernetes(slice, leaderService)
	})
}

// bareLeaderService reports whether a Service that was read live is still the source's leader Service, and has no selector.
func bareLeaderService(live, leaderService, source *corev1.Service) bool {
	return live.UID == leaderService.UID && live.DeletionTimestamp == nil && leaderslice.OwnsLeaderService(live, source) && len(live.Spec.Selector) == 0
}
