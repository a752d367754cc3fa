package planner

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// Decide returns who leads now, and which slices this replica may write and has to write for that. It depends only on the input and the
// time, except for IsDeparting, which asks the leader cache.
func Decide(in Input, now time.Time) Plan {
	candidates := disruption.Candidates(in.Pods, in.Disruptions, in.Source.Spec.Ports, leaderslice.Families(in.LeaderService), in.Options, in.Tuning)
	before, highest := in.RecordedState(now)
	in.demoteDeparting(candidates, before.Leader.UID, now)
	losses := in.losses(now)
	heldBack := in.doubt(candidates, losses, before.Leader.UID, now)
	rules := in.rules()
	decision := election.Decide(rules, candidates, incumbent(before), now)

	p := Plan{
		Decision: decision, Before: before, Highest: highest, unfit: in.unfitPods(candidates, decision.Leader),
		candidates: candidates, losses: losses, heldBack: heldBack,
		followedLease: in.followedLease(rules, in.Lease.State(in.Pods, now)),
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
			candidates[i].Announced, candidates[i].Departing = election.AnnouncedDisruption, true
		}
	}
}

// lossesOnlyGrace is how much longer a replica that only replaces lost leaders tolerates a leader that is not ready. Clocks may differ by a
// second, and the API rounds the kubelet's times down to the second.
const lossesOnlyGrace = 2 * time.Second

// rules returns the options of the source Service, limited to what this replica may act upon.
func (in Input) rules() election.Rules {
	rules := disruption.Rules(in.Options)
	if in.Options.FollowLease != "" {
		rules.Following = in.Lease.Following(in.Pods)
	}
	rules.LossesOnly = in.Authority != commitrules.AuthorityAll
	if rules.LossesOnly && rules.NotReadyGrace > 0 { // without a grace no clock is compared, so nothing has to be tolerated
		rules.NotReadyGrace += lossesOnlyGrace
	}
	return rules
}

// unfitPods returns the pods with a problem that does not pass by itself: the pod has an address, and it has none of the Service's families,
// no container has any of the ports, or it does not belong to the workload that the Service names. A pod without any address has just been
// created, and does not count. A leader that does not belong to the workload stays until another pod can follow, so it does not count either.
func (in Input) unfitPods(candidates []election.Candidate, leader *election.Candidate) []unfitPod {
	var all []unfitPod
	for i, c := range candidates {
		pod, problem := in.Pods[i], c.Problem
		if leader == nil || c.UID != leader.UID {
			problem = cmp.Or(problem, in.Disruptions[pod.UID].Outsider)
		}
		if problem != "" && len(pod.Status.PodIPs) > 0 {
			all = append(all, unfitPod{pod: pod, problem: problem})
		}
	}
	return all
}
