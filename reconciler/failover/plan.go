package failover

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// plan is a decision, and the writes that carry it out.
type plan struct {
	decision election.Decision
	// path is how the commit came about (see path). decide leaves it empty.
	path path
	// before is who led before the decision, after is who leads once it is committed.
	before, after leaderslice.State
	// writes are the slices to write, the one of the primary family first. When that write is refused, the others are not made.
	writes []cache.Write
	// writesPrimary says that the first write is the primary slice's. If not, that slice needs no write, or not by this replica. Probably
	// another replica is at work, so the other writes wait as a backup's do.
	writesPrimary bool
	// highest is the highest plausible term ever seen.
	highest int64
	// takenNames are the names of our slices that foreign slices already have.
	takenNames []string
	// unfit are the pods to warn of: they can carry none of the Service's traffic, ready or not.
	unfit []unfitPod
	// candidates are the pods that the decision was about, losses the moves by verdict once the plan is written.
	candidates []election.Candidate
	losses     leaderslice.Losses
	// by is who asked for the move, according to admission; empty if that is not known.
	by string
	// heldBack is from when on a verdict on the leader may be acted upon; zero if no verdict is held back.
	heldBack time.Time
}

// unfitPod is a pod that can carry none of the Service's traffic, and the reason.
type unfitPod struct {
	pod     *corev1.Pod
	problem string
}

// decide returns who leads now, and which slices this replica may write and has to write for that. It depends only on the input and the
// time, except for isDeparting, which asks the leader cache.
func decide(in input, now time.Time) plan {
	candidates := disruption.Candidates(in.pods, in.disruptions, in.source.Spec.Ports, leaderslice.Families(in.leaderService), in.tuning.Election)
	before, highest := in.recordedState(now)
	in.demoteDeparting(candidates, before.Leader.UID, now)
	losses := in.losses(now)
	heldBack := in.doubt(candidates, losses, before.Leader.UID, now)
	decision := election.Decide(in.rules(), candidates, incumbent(before), now)

	p := plan{
		decision: decision, before: before, highest: highest, unfit: unfitPods(in.pods, candidates),
		candidates: candidates, losses: losses, heldBack: heldBack,
	}
	if decision.Move && decision.Reason.Verdict() {
		p.losses = losses.With(leaderslice.Mark{Pod: before.Leader.UID, At: now})
	}
	p.after = in.nextState(before, highest, decision, now)
	for _, family := range leaderslice.Families(in.leaderService) {
		if in.nameTaken(family) {
			p.takenNames = append(p.takenNames, leaderslice.Name(in.leaderService.Name, family))
		}
	}
	if !in.nameTaken(leaderslice.PrimaryFamily(in.leaderService)) {
		in.planWrites(&p, now)
	}
	return p
}

// stateUnwritten returns who leads until the plan is written. Whether the leader is ready comes from the decision: a leader without an
// address of the primary family has no endpoint that says so.
func (p *plan) stateUnwritten() leaderslice.State {
	state := p.before
	if !p.decision.Move && p.decision.Leader != nil {
		state.Leader.Ready = p.decision.Ready
	}
	return state
}

// nextState returns who leads once the decision is committed. Every move has a term that was never used before, and a reason that stays as
// long as the term. A leader that terminates and keeps the traffic because no other pod can lead (the last resort) has not moved, so it
// keeps both; only the endpoint and an Event show it. A term that is not believed is replaced, whoever leads.
func (in input) nextState(before leaderslice.State, highest int64, decision election.Decision, now time.Time) leaderslice.State {
	after := before
	if decision.Move {
		after = leaderslice.State{Since: now.UTC().Truncate(time.Millisecond)}
	}
	if after.Term == 0 {
		_, recorded := in.slice(leaderslice.PrimaryFamily(in.leaderService))
		after.Term = leaderslice.NextTerm(highest, in.leaderService.CreationTimestamp.Time, now, recorded && highest > 0, leaderOf(decision))
	}
	if after.Reason == "" {
		after.Reason = string(decision.Reason)
	}
	if leader := decision.Leader; leader != nil {
		after.Leader = leaderslice.Leader{UID: types.UID(leader.UID), Name: leader.Name, Node: leader.Node, Ready: decision.Ready}
		if after.Since.IsZero() {
			after.Since = now.UTC().Truncate(time.Millisecond)
		}
	}
	return after
}

// leaderOf returns the UID of the leader of a decision; empty if nobody leads.
func leaderOf(decision election.Decision) types.UID {
	if decision.Leader == nil {
		return ""
	}
	return types.UID(decision.Leader.UID)
}

// demoteDeparting marks as announced those candidates whose departure was admitted, so that they lead only if no other pod can. The leader
// is not marked: the request may still be refused. What admission prepares for it is decided separately (prepare).
func (in input) demoteDeparting(candidates []election.Candidate, leader types.UID, now time.Time) {
	leaving := in.leaving(now)
	for i := range candidates {
		uid := types.UID(candidates[i].UID)
		if uid != leader && (uid == leaving.Pod || in.isDeparting != nil && in.isDeparting(uid)) {
			candidates[i].Announced = election.AnnouncedDisruption
		}
	}
}

// leaving returns the departure that the primary slice records; zero when there is none or it has expired.
func (in input) leaving(now time.Time) leaderslice.Leaving {
	primary, exists := in.slice(leaderslice.PrimaryFamily(in.leaderService))
	if !exists || !now.Before(primary.Leaving.Until) {
		return leaderslice.Leaving{}
	}
	return primary.Leaving
}

// lossesOnlyGrace is how much longer a replica that only replaces lost leaders tolerates a leader that is not ready. Clocks may differ by a
// second, and the API rounds the kubelet's times down to the second.
const lossesOnlyGrace = 2 * time.Second

// rules returns the options of the source Service, limited to what this replica may act upon.
func (in input) rules() election.Rules {
	rules := disruption.Rules(in.options)
	rules.LossesOnly = in.authority != commitrules.AuthorityAll
	if rules.LossesOnly && rules.NotReadyGrace > 0 { // without a grace no clock is compared, so nothing has to be tolerated
		rules.NotReadyGrace += lossesOnlyGrace
	}
	return rules
}

// unfitPods returns the pods with a problem that does not pass by itself: the pod has an address, and either it has none of the
// Service's families, or no container has any of the ports. A pod without any address has just been created, and does not count.
func unfitPods(pods []*corev1.Pod, candidates []election.Candidate) []unfitPod {
	var all []unfitPod
	for i := range candidates {
		if candidates[i].Problem != "" && len(pods[i].Status.PodIPs) > 0 {
			all = append(all, unfitPod{pod: pods[i], problem: candidates[i].Problem})
		}
	}
	return all
}

// planWrites adds the writes that this replica may make. The other families follow the primary one: they say what the primary slice says
// after this replica's write. Their term never falls: a higher term of another family first raises that of the primary one (see
// highestTerm, and recordedState, which then no longer believes the primary's term).
func (in input) planWrites(p *plan, now time.Time) {
	since := in.changeTime(p)
	all := leaderslice.Families(in.leaderService)
	current, exists := in.slice(all[0])
	content := leaderslice.Content{
		Source: in.source, LeaderService: in.leaderService, State: p.after, Basis: in.commitBasis(), Leaving: in.leaving(now),
		Losses: p.losses, Pod: in.pod(p.after.Leader.UID),
	}
	if exists {
		content.History = current.Object.Annotations[config.HistoryKey] // a commit of a move adds to it (see recordMove)
	}
	desired := content.RenderPrimary(all[0])
	switch {
	case exists && leaderslice.SameSlice(current.Object, desired):
	case in.authority.Allows(p.decision, current.Object, desired):
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
		case p.writesPrimary || in.authority.Allows(p.decision, current.Object, desired):
			p.writes = append(p.writes, newWrite(desired, current.Object, since))
		}
	}
}

// changeTime returns the time of the change to which the plan responds; zero when that is not known.
func (in input) changeTime(p *plan) time.Time {
	old := in.pod(p.before.Leader.UID)
	if leaderGone := old == nil && p.before.Leader.UID != ""; leaderGone || !p.decision.Move {
		return in.trigger // no object says when the old leader was deleted, or when a change without a move happened
	}
	return commitrules.TriggerTime(old, in.pod(p.after.Leader.UID), in.trigger)
}

// newWrite returns the write of a slice. If it changes the traffic, it records the time of the change that triggered it.
func newWrite(desired, current *discoveryv1.EndpointSlice, changed time.Time) cache.Write {
	if current == nil || !leaderslice.SameTraffic(current, desired) {
		leaderslice.SetTriggerTime(desired, changed)
	}
	return cache.Write{Desired: desired, Current: current}
}

// updatedSlice returns the current slice with the endpoints, the ports, and our labels, annotations and owner reference of the desired one.
// It keeps the resourceVersion, so the API server refuses the update when the slice has changed, and no change of anyone else is lost. A
// patch would do the same and would take the API server longer. The result shares its parts with both slices, so it must not be modified.
func updatedSlice(current, desired *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
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
