package planner

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/retry"
)

// Plan is a decision, and the writes that carry it out.
type Plan struct {
	Decision election.Decision
	// Before is who led before the decision, After is who leads once it is committed.
	Before, After leaderslice.State
	// Writes are the slices to write, the one of the primary family first. When that write is refused, the others are not made.
	Writes []cache.Write
	// WritesPrimary says that the first write is the primary slice's. If not, that slice needs no write, or not by this replica. Probably
	// another replica is at work, so the other writes wait as a backup's do.
	WritesPrimary bool
	// Highest is the highest plausible term ever seen.
	Highest int64
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

// Decide returns who leads now, and which slices this replica may write and has to write for that. It depends only on the input and the
// time, except for IsDeparting, which asks the leader cache.
func Decide(in Input, now time.Time) Plan {
	candidates := disruption.Candidates(in.Pods, in.Disruptions, in.Source.Spec.Ports, leaderslice.Families(in.LeaderService), in.Tuning.Election)
	before, highest := in.RecordedState(now)
	in.demoteDeparting(candidates, before.Leader.UID, now)
	losses := in.losses(now)
	heldBack := in.doubt(candidates, losses, before.Leader.UID, now)
	decision := election.Decide(in.rules(), candidates, incumbent(before), now)

	p := Plan{
		Decision: decision, Before: before, Highest: highest, unfit: unfitPods(in.Pods, candidates),
		candidates: candidates, losses: losses, heldBack: heldBack,
	}
	if decision.Move && decision.Reason.Verdict() {
		p.losses = losses.With(leaderslice.Mark{Pod: before.Leader.UID, At: now})
	}
	p.After = in.nextState(before, highest, decision, now)
	for _, family := range leaderslice.Families(in.LeaderService) {
		if in.nameTaken(family) {
			p.takenNames = append(p.takenNames, leaderslice.Name(in.LeaderService.Name, family))
		}
	}
	if !in.nameTaken(leaderslice.PrimaryFamily(in.LeaderService)) {
		in.planWrites(&p, now)
	}
	return p
}

// StateUnwritten returns who leads until the plan is written. Whether the leader is ready comes from the decision: a leader without an
// address of the primary family has no endpoint that says so.
func (p *Plan) StateUnwritten() leaderslice.State {
	state := p.Before
	if !p.Decision.Move && p.Decision.Leader != nil {
		state.Leader.Ready = p.Decision.Ready
	}
	return state
}

// nextState returns who leads once the decision is committed. Every move has a term that was never used before, and a reason that stays as
// long as the term. A leader that terminates and keeps the traffic because no other pod can lead (the last resort) has not moved, so it
// keeps both; only the endpoint and an Event show it. A term that is not believed is replaced, whoever leads.
func (in Input) nextState(before leaderslice.State, highest int64, decision election.Decision, now time.Time) leaderslice.State {
	after := before
	if decision.Move {
		after = leaderslice.State{Since: now.UTC().Truncate(time.Millisecond)}
	}
	if after.Term == 0 {
		_, recorded := in.slice(leaderslice.PrimaryFamily(in.LeaderService))
		after.Term = leaderslice.NextTerm(highest, in.LeaderService.CreationTimestamp.Time, now, recorded && highest > 0, leaderOf(decision))
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
// is not marked: the request may still be refused. What admission prepares for it is decided separately (see Prepare).
func (in Input) demoteDeparting(candidates []election.Candidate, leader types.UID, now time.Time) {
	leaving := in.leaving(now)
	for i := range candidates {
		uid := types.UID(candidates[i].UID)
		if uid != leader && (uid == leaving.Pod || in.IsDeparting != nil && in.IsDeparting(uid)) {
			candidates[i].Announced = election.AnnouncedDisruption
		}
	}
}

// leaving returns the departure that the primary slice records; zero when there is none or it has expired.
func (in Input) leaving(now time.Time) leaderslice.Leaving {
	primary, exists := in.slice(leaderslice.PrimaryFamily(in.LeaderService))
	if !exists || !now.Before(primary.Leaving.Until) {
		return leaderslice.Leaving{}
	}
	return primary.Leaving
}

// lossesOnlyGrace is how much longer a replica that only replaces lost leaders tolerates a leader that is not ready. Clocks may differ by a
// second, and the API rounds the kubelet's times down to the second.
const lossesOnlyGrace = 2 * time.Second

// rules returns the options of the source Service, limited to what this replica may act upon.
func (in Input) rules() election.Rules {
	rules := disruption.Rules(in.Options)
	rules.LossesOnly = in.Authority != commitrules.AuthorityAll
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

// RequeueAfter returns when to decide again if no event arrives; zero for never.
func RequeueAfter(p Plan) time.Duration {
	if len(p.takenNames) > 0 {
		return retry.MinNonZero(takenNameRecheck, p.Decision.RequeueAfter)
	}
	return p.Decision.RequeueAfter
}

// takenNameRecheck is how often a slice is tried again when another object has its name. Objects that are not ours are not watched.
const takenNameRecheck = time.Minute
