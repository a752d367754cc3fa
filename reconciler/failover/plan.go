package failover

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// plan is a decision, and what has to be written for it.
type plan struct {
	decision election.Decision
	// path is who commits.
	path path
	// before and after are who led and who leads.
	before, after leaderslice.State
	// writes are the slices to write, the primary family's first: as long as that is refused, none of the others is written.
	writes []cache.Write
	// moves says that the first write is the primary family's. Else another replica has made that, and may be about to make the others.
	moves bool
	// highest is the highest term that was ever seen.
	highest int64
	// taken are slices by the names of ours that are not ours.
	taken []string
	// unfit are the pods that cannot lead although they may be ready, each with the reason.
	unfit []unfitPod
}

// unfitPod is a pod that cannot carry the Service's traffic.
type unfitPod struct {
	pod     *corev1.Pod
	problem string
}

// decide is pure: what should be in the slices now, and which of them this replica has to write for it.
func decide(s input, now time.Time) plan {
	candidates := disruption.Candidates(s.pods, s.disruptions, s.source.Spec.Ports, leaderslice.Families(s.leaderService), s.tuning.Election)
	before, highest := s.recorded(now)
	s.avoidLeaving(candidates, before.Leader.UID, now)
	decision := election.Decide(s.rules(), candidates, incumbent(before), now)

	p := plan{decision: decision, before: before, highest: highest, unfit: unfit(s.pods, candidates)}
	p.after = s.after(before, highest, decision, now)
	for _, family := range leaderslice.Families(s.leaderService) {
		if s.taken(family) {
			p.taken = append(p.taken, leaderslice.Name(s.leaderService.Name, family))
		}
	}
	if len(p.taken) == 0 || !s.taken(leaderslice.PrimaryFamily(s.leaderService)) {
		s.planWrites(&p, now)
	}
	return p
}

// standing is who leads as long as nothing is written. A leader without an address of the primary family has no endpoint to say
// whether it is ready.
func (p *plan) standing() leaderslice.State {
	state := p.before
	if !p.decision.Move && p.decision.Leader != nil {
		state.Leader.Ready = p.decision.Ready
	}
	return state
}

// planWrites adds the writes that this replica may make. The other families follow the primary one: what they should say is what that
// says once this replica's write is there. Their term never falls by it: one that is higher makes the primary one's grow first (see
// recorded).
func (s input) planWrites(p *plan, now time.Time) {
	since := s.changed(p)
	content := leaderslice.Content{
		Source: s.source, LeaderService: s.leaderService, State: p.after, Basis: s.basis(), Leaving: s.leaving(now), Pod: s.pod(p.after.Leader.UID),
	}
	all := leaderslice.Families(s.leaderService)
	desired := content.RenderPrimary(all[0])
	current, exists := s.slice(all[0])
	switch {
	case exists && leaderslice.SameSlice(current.Object, desired):
	case s.authority.allows(p, current.Object, desired):
		p.moves = true
		p.writes = append(p.writes, write(desired, current.Object, since))
	case p.after.Term != p.before.Term:
		return // another replica's to write, and until then nobody knows what the other families should say
	}
	for _, family := range all[1:] {
		desired := content.Render(family)
		current, exists := s.slice(family)
		switch {
		case s.taken(family), exists && leaderslice.SameSlice(current.Object, desired):
		case p.moves || s.authority.allows(p, current.Object, desired):
			p.writes = append(p.writes, write(desired, current.Object, since))
		}
	}
}

// changed is when what the plan answers happened; zero when nobody knows.
func (s input) changed(p *plan) time.Time {
	leaving := s.pod(p.before.Leader.UID)
	if !p.decision.Move || leaving == nil && p.before.Leader.UID != "" {
		return s.trigger // a leader who is gone tells nothing
	}
	return triggerTime(leaving, s.pod(p.after.Leader.UID), s.trigger)
}

// write notes on a slice whose traffic changes when its trigger happened.
func write(desired, current *discoveryv1.EndpointSlice, changed time.Time) cache.Write {
	if current == nil || !leaderslice.SameTraffic(current, desired) {
		leaderslice.SetTriggerTime(desired, changed)
	}
	return cache.Write{Desired: desired, Current: current}
}

// after is who leads by the decision. Every move has a term that was never there before, and a reason that stays as long as the
// term: only the endpoint and an Event tell of a last resort. A term that is not believed is replaced, whoever leads.
func (s input) after(before leaderslice.State, highest int64, decision election.Decision, now time.Time) leaderslice.State {
	after := before
	if decision.Move {
		after = leaderslice.State{Since: now.UTC().Truncate(time.Millisecond)}
	}
	if after.Term == 0 {
		_, recorded := s.slice(leaderslice.PrimaryFamily(s.leaderService))
		after.Term = leaderslice.NextTerm(highest, s.leaderService.CreationTimestamp.Time, now, recorded && highest > 0)
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

// avoidLeaving makes pods whose departure was admitted the worst candidates. The leader itself only goes when its own object says
// so: an admitted request may still be refused.
func (s input) avoidLeaving(candidates []election.Candidate, leader types.UID, now time.Time) {
	leaving := s.leaving(now)
	for i := range candidates {
		uid := types.UID(candidates[i].UID)
		if uid != leader && (uid == leaving.Pod || s.departing != nil && s.departing(uid)) {
			candidates[i].Announced = election.AnnouncedDisruption
		}
	}
}

// leaving is the pod that the slice says is leaving, as long as that counts.
func (s input) leaving(now time.Time) leaderslice.Leaving {
	primary, exists := s.slice(leaderslice.PrimaryFamily(s.leaderService))
	if !exists || !now.Before(primary.Leaving.Until) {
		return leaderslice.Leaving{}
	}
	return primary.Leaving
}

// backupGrace is how much longer a lost readiness is tolerated by a replica that does not hold the Lease. Clocks differ by a second,
// and the kubelet's times are rounded to one.
const backupGrace = 2 * time.Second

// rules are the Service's wishes, as far as this replica may act upon them.
func (s input) rules() election.Rules {
	rules := election.Rules{
		Strategy: election.Strategy(s.options.Strategy), Sticky: s.options.Sticky,
		MinReady: s.options.MinReady, MinReadyUnprobed: s.options.MinReadyUnprobed, NotReadyGrace: s.options.NotReadyGrace, Preferred: s.options.PreferredLeader,
		LossesOnly: s.authority != authorityAll,
	}
	if rules.LossesOnly && rules.NotReadyGrace > 0 {
		rules.NotReadyGrace += backupGrace
	}
	return rules
}

// unfit are the pods with a problem that does not pass by itself: no port that a container has, or no address of the Service's family
// although there is one of another. A pod that has no address at all has just been made.
func unfit(pods []*corev1.Pod, candidates []election.Candidate) []unfitPod {
	var all []unfitPod
	for i := range candidates {
		if candidates[i].Problem != "" && len(pods[i].Status.PodIPs) > 0 {
			all = append(all, unfitPod{pod: pods[i], problem: candidates[i].Problem})
		}
	}
	return all
}

// replacing is the one write of a hand-over: the slice as it was decided upon, with endpoints, ports, our labels and our annotations
// replaced. It keeps the resourceVersion, so it is refused when the slice is no longer that version, and nothing of anyone else's is
// lost although it is no patch, for which the API server would need longer. It shares its parts with both.
func replacing(current, desired *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	next := *current
	next.ManagedFields = nil // keeps those that the API server has
	next.Labels = leaderslice.Merge(current.Labels, desired.Labels)
	others := maps.Clone(current.Annotations)
	delete(others, corev1.EndpointsLastChangeTriggerTime)
	for _, key := range leaderslice.RecordKeys {
		delete(others, key)
	}
	if current.Annotations[config.TermKey] != desired.Annotations[config.TermKey] {
		maps.DeleteFunc(others, func(key, _ string) bool { return leaderslice.IsTanistKey(key) }) // another version's, about the term before
	}
	next.Annotations = leaderslice.Merge(others, desired.Annotations)
	next.OwnerReferences = leaderslice.WithController(current.OwnerReferences, desired.OwnerReferences[0])
	next.Endpoints, next.Ports = desired.Endpoints, desired.Ports
	return &next
}
