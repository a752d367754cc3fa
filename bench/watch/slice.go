package watch

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tanist-dev/tanist/config"
)

// sliceHandler adds to a View what the watch on EndpointSlices sees.
type sliceHandler struct{ *View }

func (h sliceHandler) Replace(at time.Time, objects []runtime.Object) {
	h.Lock()
	defer h.Unlock()
	h.broken = nil
	listed := map[string]bool{}
	for _, object := range objects {
		if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
			listed[slice.Name] = true
			h.update(at, slice, readyEndpoint(slice))
		}
	}
	for _, service := range h.services {
		for name := range service.slices {
			if !listed[name] {
				delete(service.slices, name)
				service.leaderGone(at)
			}
		}
	}
	h.broadcast()
}

func (h sliceHandler) Event(at time.Time, kind watch.EventType, object runtime.Object) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return
	}
	h.Lock()
	defer h.Unlock()
	if kind == watch.Deleted {
		h.update(at, slice, corev1.ObjectReference{})
	} else {
		h.update(at, slice, readyEndpoint(slice))
	}
	h.broadcast()
}

// update records the leader that a slice names. The first slice that names another pod is the move; the slice of the other IP family
// follows and moves nothing.
func (h sliceHandler) update(at time.Time, slice *discoveryv1.EndpointSlice, leader corev1.ObjectReference) {
	service := h.services[slice.Labels[discoveryv1.LabelServiceName]]
	if service == nil {
		return
	}
	before := service.slices[slice.Name]
	service.slices[slice.Name] = leader.UID
	switch {
	case leader.UID == before || leader.UID == service.leader().UID:
	case leader.UID == "":
		service.leaderGone(at)
	default:
		service.changed = at
		service.moves = append(service.moves, moveTo(leader, at, slice))
	}
}

// leaderGone records that nobody leads, once no slice names a leader any more.
func (s *service) leaderGone(at time.Time) {
	for _, leader := range s.slices {
		if leader != "" {
			return
		}
	}
	if s.leader().UID != "" {
		s.changed = at
		s.moves = append(s.moves, Move{At: at})
	}
}

// readyEndpoint returns the pod of a slice's first ready endpoint, or the zero value. An endpoint without a ready condition is ready,
// as it is for kube-proxy.
func readyEndpoint(slice *discoveryv1.EndpointSlice) corev1.ObjectReference {
	for _, endpoint := range slice.Endpoints {
		ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
		if ready && endpoint.TargetRef != nil {
			return *endpoint.TargetRef
		}
	}
	return corev1.ObjectReference{}
}

func moveTo(leader corev1.ObjectReference, at time.Time, slice *discoveryv1.EndpointSlice) Move {
	// Only Tanist's slices have a term; zero stands for none.
	term, _ := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	return Move{At: at, UID: leader.UID, Name: leader.Name, Term: term, Reason: slice.Annotations[config.ReasonKey]}
}
