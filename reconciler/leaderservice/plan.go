package leaderservice

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// plan has the writes to make for one source Service, in this order.
type plan struct {
	create          *corev1.Service
	patch           *serviceChange
	condition       *conditionChange
	deleteEndpoints *metav1.PartialObjectMetadata
	deleteServices  []*corev1.Service
	deleteSlices    []*discoveryv1.EndpointSlice
	// warnings are what is wrong, refusals what the API server refuses.
	warnings, refusals []notify.Warning
	// deferred says that a write that is due is left out for now.
	deferred bool
	// foreignSlices is how many EndpointSlices are not Tanist's and take traffic of the leader Service.
	foreignSlices int
	// requeueAfter is when to plan again if no event arrives; zero for never.
	requeueAfter time.Duration
}

// decide returns the plan for an input. It is pure.
func decide(in input, now time.Time) plan {
	var p plan
	switch {
	case in.source == nil:
		// The garbage collector deletes what the source controlled. An orphaned leader Service may be adopted later.
		return p
	case in.terminating:
		// Everything is deleted with the namespace. The API server would refuse anything new.
		return p
	case !in.servedByUs(in.existing):
		p.warnings = append(p.warnings, in.otherInstallationWarning())
		p.requeueAfter = installationCheckInterval
	case in.optedIn && in.wanted():
		p.keep(in, now)
	case in.existing == nil:
		if in.excluded && in.wanted() {
			p.warnings = append(p.warnings, in.excludedWarning())
		}
	case in.wanted() && p.keepForGrace(in, now, p.update, in.optedOutWarning):
	case store.LostItsPods(in.source) && p.keepForGrace(in, now, p.mark, in.lostPodsWarning):
	default:
		// The garbage collector would delete the slices too, but later.
		p.deleteServices, p.deleteSlices = in.deletable(), in.slicesOf(in.deletable())
	}
	if in.optedIn {
		p.warnings = append(p.warnings, in.invalidWarnings()...)
	}
	return p
}

// keep plans for a source Service that is to have a leader Service. A leader Service with another name stays, and is kept up to date, until
// the one with the wanted name exists.
func (p *plan) keep(in input, now time.Time) {
	target := in.target()
	switch name := in.options.LeaderService; {
	case name == "": // an invalid annotation, which is reported as such
	case in.nameHolder == nil:
		// It never has a selector: with one, the EndpointSlice controller would send its traffic to every pod.
		empty := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: in.source.Namespace, Name: name}}
		p.create, _ = in.nextVersion(empty, "")
	case in.nameHolder == target && mustReplace(target, in.source, in.options):
		p.deleteServices = []*corev1.Service{target}
		return
	case in.nameHolder != target && in.nameHolder.DeletionTimestamp == nil: // the end of a deletion is an event, and leads here again
		p.warnings = append(p.warnings, in.nameTakenWarning())
	}
	if target == nil {
		return
	}
	p.update(in, target, "", now)
	if target == in.nameHolder {
		for _, service := range in.deletable() {
			if service != target {
				p.deleteServices = append(p.deleteServices, service)
			}
		}
	}
}

// keepForGrace keeps a leader Service that is no longer wanted until the grace period is over: a namespace's label may be mistyped, a
// Service's selector lost, and deleting the leader Service would lose its cluster IP. It returns false when the grace period is
// over.
func (p *plan) keepForGrace(
	in input, now time.Time,
	update func(in input, leaderService *corev1.Service, orphanedSince string, now time.Time), warning func(end time.Time) notify.Warning,
) bool {
	mark := in.existing.Annotations[config.OrphanedSinceKey]
	since, err := time.Parse(time.RFC3339, mark)
	if err != nil || since.After(now.Add(time.Minute)) { // missing, or not written by Tanist
		since = now
		mark = now.UTC().Format(time.RFC3339)
	}
	end := since.Add(in.optOutGrace)
	if !now.Before(end) {
		return false
	}
	update(in, in.existing, mark, now)
	p.requeueAfter = retry.MinNonZero(p.requeueAfter, end.Sub(now))
	p.warnings = append(p.warnings, warning(end))
	return true
}

// mark only writes since when a leader Service is kept: without a selector the source says nothing about how it should be. Its slices
// stay as they are, as Kubernetes leaves the endpoints of a Service that loses its selector.
func (p *plan) mark(_ input, leaderService *corev1.Service, orphanedSince string, _ time.Time) {
	marked := leaderService.DeepCopy()
	annotate(marked, config.OrphanedSinceKey, orphanedSince)
	if !sameLeaderService(leaderService, marked) {
		p.patch = &serviceChange{current: leaderService, desired: marked}
	}
}

// update plans for a leader Service that stays.
func (p *plan) update(in input, leaderService *corev1.Service, orphanedSince string, now time.Time) {
	desired, last := in.nextVersion(leaderService, orphanedSince)
	if !last {
		p.again(outdatedDelay)
	}
	if !mustReplace(leaderService, in.source, in.options) && !sameLeaderService(leaderService, desired) {
		p.patch = &serviceChange{current: leaderService, desired: desired}
	}
	p.condition = in.conditionChange(leaderService, now)
	p.cleanUpSlices(in, leaderService)
}

// cleanUpSlices plans what to do about the EndpointSlices of a leader Service. kube-proxy uses every slice whose label names the Service,
// so each that is not Tanist's takes traffic past the leader:
//
//   - Our slices with a name that Tanist does not use, or no longer uses, are deleted.
//   - A slice that Kubernetes' controllers have made while the leader Service had a selector is deleted. The Endpoints object is deleted
//     first, because as long as it exists, the mirroring controller creates its slice again.
//   - Any other slice belongs to someone else. It is not changed, and reported. The failover controller reports a slice that has one of our
//     names.
func (p *plan) cleanUpSlices(in input, leaderService *corev1.Service) {
	expected := leaderslice.Names(leaderService)
	leftovers := false
	for _, slice := range in.slices {
		switch {
		case slice.DeletionTimestamp != nil, slices.Contains(expected, slice.Name):
		case isLeftover(slice, leaderService) && !in.mirrorsUserEndpoints(slice):
			// This case stands before ownsSlice, because the leader Service controls these slices, too.
			leftovers = true
			// While there is a selector, the controller would make the slice again. A mirrored slice without the labels that the controllers
			// copy from a leader Service goes with its Endpoints, and the policy for Tanist's account refuses its deletion.
			if in.liveWithoutSelector && copiesOurLabels(slice) {
				p.deleteSlices = append(p.deleteSlices, slice)
			}
		case in.ownsSlice(slice):
			p.deleteSlices = append(p.deleteSlices, slice)
		case takesTraffic(slice, leaderService):
			p.foreignSlices++
			p.warnings = append(p.warnings, in.foreignSliceWarning(slice, leaderService))
		}
	}
	switch {
	case !leftovers:
	case !in.liveWithoutSelector: // the live Service still has its selector, or is another one
		p.requeueAfter = retry.MinNonZero(p.requeueAfter, outdatedDelay)
	case in.endpoints != nil && in.endpoints.DeletionTimestamp == nil && !in.userMadeEndpoints():
		p.deleteEndpoints = in.endpoints
	}
}

// outdatedDelay is how soon to reconcile again when the informers, or Kubernetes' controllers, turn out to lag behind.
const outdatedDelay = 200 * time.Millisecond
