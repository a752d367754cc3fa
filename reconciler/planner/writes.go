package planner

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
)

// planWrites adds the writes that this replica may make. The other families follow the primary one: they say what the primary slice says
// after this replica's write. Their term never falls: a higher term of another family first raises that of the primary one (see
// highestTerm, and RecordedState, which then no longer believes the primary's term).
func (in Input) planWrites(p *Plan, now time.Time) {
	since := in.changeTime(p)
	all := leaderslice.Families(in.LeaderService)
	current, exists := in.slice(all[0])
	content := leaderslice.Content{
		Source: in.Source, LeaderService: in.LeaderService, State: p.After, Basis: in.commitBasis(), Leaving: in.leaving(now),
		Losses: p.losses, Pod: in.Pod(p.After.Leader.UID),
	}
	content.OldLeader = in.oldLeader(p, current)
	if exists {
		content.History = current.Object.Annotations[config.HistoryKey] // a commit of a move adds to it (see RecordMove)
	}
	desired := content.RenderPrimary(all[0])
	switch {
	case exists && leaderslice.SameSlice(current.Object, desired):
	case in.Authority.Allows(p.Decision, current.Object, desired):
		p.WritesPrimary = true
		p.Writes = append(p.Writes, newWrite(desired, current.Object, since))
	case p.After.Term != p.Before.Term:
		return // another replica writes the primary slice, and until then the other families' term is not known
	}
	for _, family := range all[1:] {
		desired := content.Render(family)
		current, exists := in.slice(family)
		switch {
		case in.nameTaken(family), exists && leaderslice.SameSlice(current.Object, desired):
		case p.WritesPrimary || in.Authority.Allows(p.Decision, current.Object, desired):
			p.Writes = append(p.Writes, newWrite(desired, current.Object, since))
		}
	}
}

// oldLeader returns the pod that the primary slice records as the old leader. A move after which the old leader
// keeps serving records it, if the Service has the annotation after-handover: package afterhandover then evicts or calls that pod. As long as the
// term lasts, what the current slice says stays.
func (in Input) oldLeader(p *Plan, current leaderslice.Slice) leaderslice.OldLeader {
	switch {
	case !p.Decision.Move && p.After.Term == current.State.Term:
		return current.OldLeader
	case !p.Decision.Move || in.Options.AfterHandover == (config.AfterHandover{}) || !p.Decision.Reason.OldLeaderStays():
		return leaderslice.OldLeader{}
	}
	for _, c := range p.candidates {
		if c.UID == string(p.Before.Leader.UID) && c.Ready && !c.Terminating && c.Problem == "" {
			return leaderslice.OldLeader{UID: p.Before.Leader.UID, Name: c.Name}
		}
	}
	return leaderslice.OldLeader{}
}

// changeTime returns the time of the change to which the plan responds; zero when that is not known.
func (in Input) changeTime(p *Plan) time.Time {
	if p.Decision.Reason == election.ReasonLeaseHolder {
		return in.Trigger // the pods' times do not say when the Lease changed
	}
	old := in.Pod(p.Before.Leader.UID)
	if leaderGone := old == nil && p.Before.Leader.UID != ""; leaderGone || !p.Decision.Move {
		return in.Trigger // no object says when the old leader was deleted, or when a change without a move happened
	}
	return commitrules.TriggerTime(old, in.Pod(p.After.Leader.UID), in.Trigger)
}

// newWrite returns the write of a slice. If it changes the traffic, it records the time of the change that triggered it.
func newWrite(desired, current *discoveryv1.EndpointSlice, changed time.Time) cache.Write {
	if current == nil || !leaderslice.SameTraffic(current, desired) {
		leaderslice.SetTriggerTime(desired, changed)
	}
	return cache.Write{Desired: desired, Current: current}
}

// UpdatedSlice returns the current slice with the endpoints, the ports, and our labels, annotations and owner reference of the desired one.
// It keeps the resourceVersion, so the API server refuses the update when the slice has changed, and no change of anyone else is lost. A
// patch would do the same and would take the API server longer. The result shares its parts with both slices, so none of them
// may be changed in place.
func UpdatedSlice(current, desired *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	next := *current
	next.ManagedFields = nil // the API server keeps its own
	next.Labels = labels.Merge(current.Labels, desired.Labels)
	others := maps.Clone(current.Annotations)
	delete(others, corev1.EndpointsLastChangeTriggerTime)
	for _, key := range leaderslice.RecordKeys {
		delete(others, key)
	}
	if current.Annotations[config.TermKey] != desired.Annotations[config.TermKey] {
		// Annotations that another version of Tanist wrote are about the previous term.
		maps.DeleteFunc(others, func(key, _ string) bool { return leaderslice.IsTanistKey(key) })
	}
	next.Annotations = labels.Merge(others, desired.Annotations)
	next.OwnerReferences = leaderslice.WithController(current.OwnerReferences, desired.OwnerReferences[0])
	next.Endpoints, next.Ports = desired.Endpoints, desired.Ports
	return &next
}
