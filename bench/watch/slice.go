package watch

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tanist-dev/tanist/config"
)

// sliceHandler adds to a View what the watch on EndpointSlices sees.
type sliceHandler struct{ *View }

func (h sliceHandler) Replace(at time.Time, objects []runtime.Object) {
	h.cond.Lock()
	defer h.cond.Unlock()
	h.slicesFailed = nil
	listed := sets.New[string]()
	for _, object := range objects {
		if slice, ok := object.(*discoveryv1.EndpointSlice); ok {
			listed.Insert(slice.Name)
			h.update(at, slice, readyEndpoint(slice))
		}
	}
	for _, service := range h.services {
		for name := range service.leaderBySlice {
			if !listed.Has(name) {
				delete(service.leaderBySlice, name)
				service.leaderGone(at)
			}
		}
	}
	h.cond.broadcast()
}

func (h sliceHandler) Event(at time.Time, eventType watch.EventType, object runtime.Object) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return
	}
	h.cond.Lock()
	defer h.cond.Unlock()
	h.slicesFailed = nil
	if eventType == watch.Deleted {
		h.update(at, slice, corev1.ObjectReference{})
	} else {
		h.update(at, slice, readyEndpoint(slice))
	}
	h.cond.broadcast()
}

func (h sliceHandler) Failed(err error) {
	h.cond.Lock()
	defer h.cond.Unlock()
	h.slicesFailed = err
	h.cond.broadcast()
}

// update records the leader that a slice names. The leader changes with the first slice that names another pod. The slice of the other IP
// family follows and changes nothing.
func (h sliceHandler) update(at time.Time, slice *discoveryv1.EndpointSlice, leader corev1.ObjectReference) {
	service := h.services[slice.Labels[discoveryv1.LabelServiceName]]
	if service == nil {
		return
	}
	before := service.leaderBySlice[slice.Name]
	service.leaderBySlice[slice.Name] = leader.UID
	switch {
	case leader.UID == before || leader.UID == service.lastChange().UID:
	case leader.UID == "":
		service.leaderGone(at)
	default:
		service.append(changeTo(leader, at, slice))
	}
}

// leaderGone records that nobody leads, once no slice names a leader any more.
func (s *service) leaderGone(at time.Time) {
	for _, leader := range s.leaderBySlice {
		if leader != "" {
			return
		}
	}
	if s.lastChange().UID != "" {
		s.append(LeaderChange{At: at})
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

func changeTo(leader corev1.ObjectReference, at time.Time, slice *discoveryv1.EndpointSlice) LeaderChange {
	// Only Tanist's slices have a term; zero stands for none.
	term, _ := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	return LeaderChange{At: at, UID: leader.UID, Name: leader.Name, Term: term, Reason: slice.Annotations[config.ReasonKey]}
}
