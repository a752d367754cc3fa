package leaderservice

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// input is all that stewardship looks at for one Service. Its objects are shared with the informers.
type input struct {
	source *corev1.Service // nil when it is gone
	// optedIn and terminating are the namespace's.
	optedIn, terminating bool
	// grace is how long a leader Service stays when its namespace opts out.
	grace   time.Duration
	options config.Options
	wrong   field.ErrorList
	// services are the source's leader Services that are not being deleted, and slices the EndpointSlices that say they were made for
	// the source, or take its leader's traffic.
	services []*corev1.Service
	slices   []*discoveryv1.EndpointSlice
	// existing is the leader Service there is, whatever its name; nil when there is none.
	existing *corev1.Service
	// named is the Service that has the leader Service's name; nil when there is none. ownerGone says that a live read has shown
	// that the Service which controls it is gone, rival is another Service to which it belongs rather.
	named     *corev1.Service
	ownerGone bool
	rival     *corev1.Service
	// installation is this Tanist's; otherGone says that the one which the leader Service names is no longer there.
	installation string
	otherGone    bool
	// bare says that a live read has shown that the leader Service is ours and has no selector, and endpoints is the Endpoints object of
	// its name. Both are only read when there is a slice of Kubernetes' controllers.
	bare      bool
	endpoints *metav1.PartialObjectMetadata
	// state is who leads.
	state leaderslice.State
	// successor is the name of the pod that would follow, empty for nobody; nil when that is not known (yet).
	successor *string
}

// plan are what stewardship has to do, in this order.
type plan struct {
	create          *corev1.Service
	patch           *replacement
	deleteEndpoints *metav1.PartialObjectMetadata
	deleteServices  []*corev1.Service
	deleteSlices    []*discoveryv1.EndpointSlice
	warnings        []notify.Warning
	// foreign is how many EndpointSlices take the leader Service's traffic and are left alone.
	foreign int
	// requeueAfter is after how long time alone changes what there is to do; zero when it does not.
	requeueAfter time.Duration
}

// replacement is a Service as it is and as it should be.
type replacement struct {
	current, desired *corev1.Service
}

// otherCheck is how often it is looked whether another installation is still there.
const otherCheck = time.Minute

// decide is pure: what there is to do.
func decide(h input, now time.Time) plan {
	var c plan
	switch {
	case h.source == nil:
		// The garbage collector takes what its controller reference names as the owner; what is orphaned may be adopted later.
		return c
	case h.terminating:
		// All there is goes with the namespace. Anything made now would be refused, anything deleted now is deleted anyway.
		return c
	case !h.served(h.existing):
		c.warnings = append(c.warnings, h.servedElsewhere())
		c.requeueAfter = otherCheck
	case h.optedIn && h.wanted():
		c.keep(h)
	case h.wanted() && h.existing != nil && c.keepForGrace(h, now):
	default:
		// The garbage collector would take the slices too, but later.
		c.deleteServices, c.deleteSlices = h.ourServices(), h.slicesOf(h.ourServices())
	}
	if h.optedIn {
		c.warnings = append(c.warnings, h.invalidAnnotations()...)
	}
	return c
}

// keep is what there is to do for a Service that is to have a leader Service. A leader Service of another name stays, and is kept right,
// until the one of the wanted name is there.
func (c *plan) keep(h input) {
	target := h.target()
	switch name := h.options.LeaderService; {
	case name == "": // reported as a wrong annotation
	case h.named == nil:
		// It has no selector from its first moment on: with one, the EndpointSlice controller would send its traffic to every pod.
		blank := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: h.source.Namespace, Name: name}}
		c.create = h.desired(blank, "")
	case h.named == target && mustReplace(target, h.source):
		c.deleteServices = []*corev1.Service{target}
		return
	case h.named != target && h.named.DeletionTimestamp == nil: // the going of one that is being deleted leads here again
		c.warnings = append(c.warnings, h.taken())
	}
	if target == nil {
		return
	}
	c.bringUpToDate(h, target, "")
	if target == h.named {
		for _, service := range h.ourServices() {
			if service != target {
				c.deleteServices = append(c.deleteServices, service)
			}
		}
	}
}

// keepForGrace keeps a leader Service whose namespace has just opted out, perhaps by mistake: a label that is mistyped must not cost a
// cluster IP. It reports false when the grace is over.
func (c *plan) keepForGrace(h input, now time.Time) bool {
	mark := h.existing.Annotations[config.OrphanedSinceKey]
	since, err := time.Parse(time.RFC3339, mark)
	if err != nil || since.After(now.Add(time.Minute)) { // it has none, or one that nobody of us wrote
		since = now
		mark = now.UTC().Format(time.RFC3339)
	}
	end := since.Add(h.grace)
	if !now.Before(end) {
		return false
	}
	c.bringUpToDate(h, h.existing, mark)
	c.requeueAfter = retry.MinNonZero(c.requeueAfter, end.Sub(now))
	c.warnings = append(c.warnings, notify.Warning{
		Object: h.source, Related: h.existing, Reason: notify.ReasonNamespaceOptedOut, Action: notify.ActionMirror,
		Note: fmt.Sprintf("namespace %s no longer has the label %s=true: leader Service %s is deleted at %s; until then its leader is kept up",
			h.source.Namespace, config.EnabledKey, h.existing.Name, end.UTC().Format(time.RFC3339)),
	})
	return true
}

// bringUpToDate is what there is to do for a leader Service that stays.
func (c *plan) bringUpToDate(h input, leaderService *corev1.Service, orphanedSince string) {
	desired := h.desired(leaderService, orphanedSince)
	if !mustReplace(leaderService, h.source) && !sameLeaderService(leaderService, desired) {
		c.patch = &replacement{current: leaderService, desired: desired}
	}
	c.tidy(h, leaderService)
}

// target is the leader Service that is kept: the one of the wanted name if it is ours or may be adopted, or else the one that there is.
func (h input) target() *corev1.Service {
	if h.named != nil && h.named.DeletionTimestamp == nil &&
		(h.owns(h.named) || h.rival == nil && leaderslice.AdoptableLeaderService(h.named, h.source, h.ownerGone)) {
		return h.named
	}
	return h.existing
}

// wanted reports whether the source is to have a leader Service, or to keep the one that there is.
func (h input) wanted() bool {
	return store.WantsLeader(h.source) || h.existing != nil && store.KeepsLeader(h.source)
}

// owns reports whether a Service is the source's leader Service.
func (h input) owns(service *corev1.Service) bool {
	return h.source != nil && leaderslice.OwnsLeaderService(service, h.source)
}

// served reports whether this installation of Tanist serves a leader Service; one that is not there yet is for the first who makes it.
func (h input) served(leaderService *corev1.Service) bool {
	return leaderService == nil || h.otherGone || leaderslice.ServedBy(leaderService, h.installation)
}

// ourServices are the leader Services that are there, not already going, and served here.
func (h input) ourServices() []*corev1.Service {
	var all []*corev1.Service
	for _, service := range h.services {
		if service.DeletionTimestamp == nil && h.owns(service) && h.served(service) {
			all = append(all, service)
		}
	}
	return all
}

// taken is about a leader Service's name that a Service has which is not ours. Nothing that it advises takes a leader away.
func (h input) taken() notify.Warning {
	taken := notify.Warning{Object: h.source, Related: h.named, Reason: notify.ReasonLeaderServiceTaken, Action: notify.ActionMirror}
	if h.rival != nil {
		taken.Note = fmt.Sprintf("Service %s is the leader Service of Service %s: choose another name for this Service's with %s",
			h.named.Name, h.rival.Name, config.LeaderServiceKey)
		return taken
	}
	taken.Note = fmt.Sprintf("Service %s was not made by Tanist and is left alone: choose another name with %s",
		h.named.Name, config.LeaderServiceKey)
	return taken
}

// servedElsewhere is about a leader Service that another installation of Tanist serves.
func (h input) servedElsewhere() notify.Warning {
	return notify.Warning{
		Object: h.source, Related: h.existing, Reason: notify.ReasonOtherInstallation, Action: notify.ActionMirror,
		Note: fmt.Sprintf("Service %s is served by the Tanist in namespace %s, and the one in namespace %s leaves it alone: remove one of them; "+
			"the other takes over ten minutes after its Lease has gone", h.existing.Name, h.existing.Annotations[config.InstallationKey], h.installation),
	}
}

// invalidAnnotations complains of what a Service asks for and cannot have.
func (h input) invalidAnnotations() []notify.Warning {
	if h.source.Annotations[config.EnabledKey] == "" || h.source.Annotations[config.EnabledKey] == "false" {
		return nil
	}
	var all []notify.Warning
	add := func(reason, note string) {
		all = append(all, notify.Warning{Object: h.source, Reason: reason, Action: notify.ActionRead, Note: note})
	}
	for _, err := range h.wrong {
		if strings.HasPrefix(err.Field, "metadata.annotations") {
			add(notify.ReasonInvalidAnnotation, err.Error()+"; the last good value, or the default, is used until then")
		} else {
			add(notify.ReasonInvalidService, err.Error())
		}
	}
	return all
}
