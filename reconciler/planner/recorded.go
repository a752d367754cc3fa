package planner

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// RecordedState returns who leads according to the API, and the highest plausible term ever seen. The slice of the primary family says who
// leads. When it does not exist, the annotations of the leader Service do, which are a copy. The state's term is 0 when it is not believed:
// it is not plausible, it is below the highest term, or only the name of its leader is known.
func (in Input) RecordedState(now time.Time) (state leaderslice.State, highest int64) {
	highest = in.highestTerm(now)
	if primary, exists := in.slice(leaderslice.PrimaryFamily(in.LeaderService)); exists {
		state = primary.State
		nameOnly := state.Leader.UID == "" && state.Leader.Name != "" // nothing confirms a name that someone may have changed
		if !leaderslice.PlausibleTerm(state.Term, now) || state.Term < highest || nameOnly {
			state.Term = 0
		}
	} else {
		state = mirroredState(in.LeaderService)
	}
	state.Leader = in.identifyLeader(state)
	return state, highest
}

// highestTerm returns the highest plausible term ever seen: in the leader cache, in the slices, and in the leader Service.
func (in Input) highestTerm(now time.Time) int64 {
	terms := []int64{in.Record.HighestTerm, leaderslice.ParseTerm(in.LeaderService.Annotations)}
	for _, family := range leaderslice.Families(in.LeaderService) {
		if slice, exists := in.slice(family); exists {
			terms = append(terms, slice.State.Term, slice.WrittenTerm)
		}
	}
	highest := int64(0)
	for _, term := range terms {
		if leaderslice.PlausibleTerm(term, now) {
			highest = max(highest, term)
		}
	}
	return highest
}

// mirroredState returns who leads according to the annotations of the leader Service. They may be older than the slices were, so it leaves
// the term at 0.
func mirroredState(leaderService *corev1.Service) leaderslice.State {
	state := leaderslice.State{Reason: leaderService.Annotations[config.ReasonKey]}
	state.Since, _ = time.Parse(time.RFC3339, leaderService.Annotations[config.LeaderSinceKey])
	state.Leader.Name = leaderService.Annotations[config.LeaderKey]
	return state
}

// unknownUID is the UID of a leader of which only the name is left. No pod has it, so no other pod leads in its term.
const unknownUID types.UID = "unknown"

// identifyLeader completes a leader of which only the name or only the UID is known, from its pod.
func (in Input) identifyLeader(state leaderslice.State) leaderslice.Leader {
	leader := state.Leader
	switch {
	case leader.UID == "" && leader.Name == "":
		return leaderslice.Leader{}
	case leader.UID == "":
		for _, pod := range in.Pods {
			// A pod that was created later is another one of the same name.
			if pod.Name == leader.Name && !pod.CreationTimestamp.After(state.Since) {
				return leaderslice.Leader{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Ready: true}
			}
		}
		leader.UID = unknownUID
	default:
		if pod := in.Pod(leader.UID); pod != nil {
			leader.Name, leader.Node = pod.Name, pod.Spec.NodeName
		}
	}
	return leader
}

// incumbent converts a state for an election.
func incumbent(state leaderslice.State) election.Incumbent {
	return election.Incumbent{
		UID: string(state.Leader.UID), Name: state.Leader.Name, Node: state.Leader.Node,
		Since: state.Since, Reason: election.Reason(state.Reason),
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
