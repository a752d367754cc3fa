package failover

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// planWrites adds the writes that this replica may make. The other families follow the primary one: they say what the primary slice says
// after this replica's write. Their term never falls: a higher term of another family first raises that of the primary one (see
// recordedState).
func (in input) planWrites(p *plan, now time.Time) {
	since := in.changeTime(p)
	content := leaderslice.Content{
		Source: in.source, LeaderService: in.leaderService, State: p.after, Basis: in.commitBasis(), Leaving: in.leaving(now), Pod: in.pod(p.after.Leader.UID),
	}
	all := leaderslice.Families(in.leaderService)
	desired := content.RenderPrimary(all[0])
	current, exists := in.slice(all[0])
	switch {
	case exists && leaderslice.SameSlice(current.Object, desired):
	case in.authority.allows(p, current.Object, desired):
		p.writesPrimary = true
		p.writes = append(p.writes, newWrite(desired, current.Object, since))
	case p.after.Term != p.before.Term:
		return // another replica writes the primary slice, and until then the other families' term is not known
	}
	for _, family := range all[1:] {
		desired := content.Render(family)
		current, exists := in.slice(family)
		switch {
		case in.nameTaken(family), exists && leaderslice.SameSlice(current.Object, desired):
		case p.writesPrimary || in.authority.allows(p, current.Object, desired):
			p.writes = append(p.writes, newWrite(desired, current.Object, since))
		}
	}
}

// changeTime returns when the change happened that the plan responds to; zero when that is not known.
func (in input) changeTime(p *plan) time.Time {
	leaving := in.pod(p.before.Leader.UID)
	if leaderGone := leaving == nil && p.before.Leader.UID != ""; leaderGone || !p.decision.Move {
		return in.trigger // no object says when the change happened
	}
	return triggerTime(leaving, in.pod(p.after.Leader.UID), in.trigger)
}

// newWrite returns the write of a slice. If it changes the traffic, it records when the change happened that triggered it.
func newWrite(desired, current *discoveryv1.EndpointSlice, changed time.Time) cache.Write {
	if current == nil || !leaderslice.SameTraffic(current, desired) {
		leaderslice.SetTriggerTime(desired, changed)
	}
	return cache.Write{Desired: desired, Current: current}
}

// updatedSlice returns the current slice with the endpoints, the ports, and our labels, annotations and owner reference of the desired one.
// It keeps the resourceVersion, so the API server refuses the update when the slice has changed, and no change of anyone else is lost. A
// patch would do the same and would take the API server longer. The result shares its parts with both slices.
func updatedSlice(current, desired *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	next := *current
	next.ManagedFields = nil // the API server keeps its own
	next.Labels = leaderslice.Merge(current.Labels, desired.Labels)
	others := maps.Clone(current.Annotations)
	delete(others, corev1.EndpointsLastChangeTriggerTime)
	for _, key := range leaderslice.RecordKeys {
		delete(others, key)
	}
	if current.Annotations[config.TermKey] != desired.Annotations[config.TermKey] {
		// Annotations that another version of Tanist wrote are about the previous term.
		maps.DeleteFunc(others, func(key, _ string) bool { return leaderslice.IsTanistKey(key) })
	}
	next.Annotations = leaderslice.Merge(others, desired.Annotations)
	next.OwnerReferences = leaderslice.WithController(current.OwnerReferences, desired.OwnerReferences[0])
	next.Endpoints, next.Ports = desired.Endpoints, desired.Ports
	return &next
}
