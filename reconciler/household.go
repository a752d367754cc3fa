package reconciler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// household is all that stewardship looks at for one Service. Its objects are shared with the informers.
type household struct {
	source *corev1.Service // nil when it is gone
	// optedIn and terminating are the namespace's.
	optedIn, terminating bool
	options              config.Options
	wrong                field.ErrorList
	ancestors            ancestors
	// labelled are the Services, and slices the EndpointSlices, that say they were made for the source.
	labelled []*corev1.Service
	slices   []*discoveryv1.EndpointSlice
	// named is the Service that has the leader Service's name; nil when there is none.
	named *corev1.Service
	// state is who leads.
	state cache.State
	// successor is the name of the pod that would follow, empty for nobody; nil when that is not known (yet).
	successor *string
}

// chores are what stewardship has to do, in this order.
type chores struct {
	create         *corev1.Service
	patch          *replacement
	deleteServices []*corev1.Service
	deleteSlices   []*discoveryv1.EndpointSlice
	complaints     []complaint
	// lookAgain is after how long time alone changes what there is to do; zero when it does not.
	lookAgain time.Duration
}

// putOffReport leaves the leader Service as it is for a while, if it only does not say (yet) who leads and who would follow.
func (c *chores) putOffReport(wait time.Duration) {
	if wait > 0 && c.patch != nil && !serviceChanged(c.patch.current, c.patch.desired) {
		c.patch, c.lookAgain = nil, sooner(c.lookAgain, wait)
	}
}

// replacement is a Service as it is and as it should be.
type replacement struct {
	current, desired *corev1.Service
}

// inheritance is how long a leader Service of an earlier Service of the same name is left to the garbage collector before it is
// taken for someone else's.
const inheritance = time.Minute

// decideChores is pure: what there is to do.
func decideChores(h household, now time.Time) chores {
	var c chores
	switch {
	case h.terminating:
		// All there is goes with the namespace. Anything made now would be refused, anything deleted now is deleted anyway.
		return c
	case h.optedIn && wantsLeader(h.source):
		c.keep(h, now)
	default:
		c.deleteServices = h.ourServices()
		c.deleteSlices = h.ourSlices(func(*discoveryv1.EndpointSlice) bool { return true })
	}
	if h.optedIn {
		c.complaints = append(c.complaints, h.wrongWishes()...)
	}
	return c
}

// keep is what there is to do for a Service that is to have a leader Service.
func (c *chores) keep(h household, now time.Time) {
	name := h.options.LeaderService
	switch {
	case name == "":
		return // reported as a wrong annotation
	case h.named == nil:
		c.create = nameSuccessor(newLeaderService(h.source, name, h.state), h.successor)
		return // what is left of an earlier name goes once this one is there
	case ownsLeaderService(h.named, h.source.Name, h.source.UID) && !mustReplace(h.named, h.source):
		desired := nameSuccessor(mirror(h.named, h.source, h.state), h.successor)
		if h.named.DeletionTimestamp == nil && !sameLeaderService(h.named, desired) {
			c.patch = &replacement{current: h.named, desired: desired}
		}
	case h.owns(h.named):
		c.deleteServices = []*corev1.Service{h.named} // of an earlier Service, or of another family; its going leads here again
		return
	default:
		c.taken(h, now)
		return
	}
	for _, service := range h.ourServices() {
		if service.Name != name {
			c.deleteServices = append(c.deleteServices, service)
		}
	}
	expected := want(situation{source: h.source, leaderService: h.named}).Slices
	c.deleteSlices = h.ourSlices(func(slice *discoveryv1.EndpointSlice) bool { return !slices.Contains(expected, slice.Name) })
	c.complaints = append(c.complaints, h.foreignSlices()...)
}

// taken is for a leader Service's name that a Service has which is not ours.
func (c *chores) taken(h household, now time.Time) {
	if left := h.source.CreationTimestamp.Add(inheritance).Sub(now); left > 0 && inherited(h.named, h.source.Name) {
		c.lookAgain = left
		return
	}
	c.complaints = append(c.complaints, complaint{
		about: h.source, related: h.named, reason: reasonLeaderServiceTaken, action: actionMirror,
		note: fmt.Sprintf("Service %s is not this Service's leader Service and is left alone: choose another name with %s",
			h.named.Name, config.LeaderServiceKey),
	})
}

// owns reports whether a Service is the source's leader Service, or was an earlier one's of the same name.
func (h household) owns(service *corev1.Service) bool {
	return ownsLeaderService(service, service.Labels[config.SourceServiceKey], h.ancestors.sources...)
}

// ourServices are the leader Services that are there and not already going.
func (h household) ourServices() []*corev1.Service {
	var all []*corev1.Service
	for _, service := range h.labelled {
		if service.DeletionTimestamp == nil && h.owns(service) {
			all = append(all, service)
		}
	}
	return all
}

// ourSlices are the EndpointSlices of ours that have a property.
func (h household) ourSlices(which func(*discoveryv1.EndpointSlice) bool) []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	for _, slice := range h.slices {
		if slice.DeletionTimestamp == nil && h.ownsSlice(slice) && which(slice) {
			all = append(all, slice)
		}
	}
	return all
}

func (h household) ownsSlice(slice *discoveryv1.EndpointSlice) bool {
	return ownsSlice(slice, slice.Labels[config.SourceServiceKey], slice.Labels[discoveryv1.LabelServiceName], h.ancestors.leaderServices...)
}

// newest is who leads by the leader cache and by the slices. On a replica that has just been elected the cache may not know yet,
// and a leader Service that is made anew is the memory of the term when its predecessor's slices are gone. As in the leader cache,
// slices of an owner that is not known are only believed when there is nothing else.
func (h household) newest(state cache.State) cache.State {
	inherited := state
	for _, slice := range h.slices {
		parsed := parseSlice(slice)
		if !parsed.Intact || parsed.Owner == "" {
			continue
		}
		inherited = inherited.Follow(parsed.State)
		if h.ownsSlice(slice) {
			state = state.Follow(parsed.State)
		}
	}
	if state == (cache.State{}) {
		return inherited
	}
	return state
}

// foreignSlices complains of slices that are labelled like ours and are not: kube-proxy uses every slice with the Service's name,
// so such a one takes a share of the traffic.
func (h household) foreignSlices() []complaint {
	var all []complaint
	for _, slice := range h.slices {
		if slice.Labels[discoveryv1.LabelServiceName] != h.named.Name || h.ownsSlice(slice) {
			continue
		}
		all = append(all, complaint{
			about: h.source, related: slice, reason: reasonForeignSlice, action: actionMirror,
			note: fmt.Sprintf("EndpointSlice %s is not Tanist's and is left alone, but takes traffic of Service %s: delete it",
				slice.Name, h.named.Name),
		})
	}
	return all
}

// wrongWishes complains of what a Service asks for and cannot have.
func (h household) wrongWishes() []complaint {
	if h.source == nil || h.source.Annotations[config.EnabledKey] == "false" {
		return nil
	}
	var all []complaint
	add := func(reason, note string) {
		all = append(all, complaint{about: h.source, reason: reason, action: actionRead, note: note})
	}
	for _, err := range h.wrong {
		if strings.HasPrefix(err.Field, "metadata.annotations") {
			add(reasonInvalidAnnotation, err.Error()+"; the last good value, or the default, is used until then")
		} else {
			add(reasonInvalidService, err.Error())
		}
	}
	return all
}

// inherit is what to remember for the next time: the UIDs of what is there, and of those before whose leader Services or slices
// are still there.
func (h household) inherit() ancestors {
	var next ancestors
	if h.source != nil {
		next.sources = addUID(next.sources, h.source.UID)
	}
	for _, service := range h.labelled {
		if !h.owns(service) {
			continue
		}
		next.sources = addUID(next.sources, metav1.GetControllerOfNoCopy(service).UID)
		next.leaderServices = addUID(next.leaderServices, service.UID)
	}
	for _, slice := range h.slices {
		if h.ownsSlice(slice) {
			next.leaderServices = addUID(next.leaderServices, metav1.GetControllerOfNoCopy(slice).UID)
		}
	}
	return next
}

// meet adds the UIDs of what is there now to those remembered.
func (h *household) meet() {
	if h.source != nil {
		h.ancestors.sources = addUID(h.ancestors.sources, h.source.UID)
	}
	for _, service := range h.labelled {
		if h.owns(service) {
			h.ancestors.leaderServices = addUID(h.ancestors.leaderServices, service.UID)
		}
	}
}
