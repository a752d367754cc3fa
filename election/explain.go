package election

import (
	"cmp"
	"slices"
	"time"
)

// Role is what a pod is to its Service.
type Role string

// The roles. They are printed by the kubectl plugin, so they are stable.
const (
	// RoleLeader is the pod that should lead.
	RoleLeader Role = "Leader"
	// RoleSuccessor is the pod that follows if the leader goes now.
	RoleSuccessor Role = "Successor"
	// RoleCandidate is another pod that can lead.
	RoleCandidate Role = "Candidate"
	// RoleExcluded is a pod that cannot lead.
	RoleExcluded Role = "Excluded"
)

// Standing is the place of one pod in the order of succession, and why it is there.
type Standing struct {
	// Candidate is the pod, with AnnouncedRollout where it applies.
	Candidate Candidate
	Role      Role
	// Obstacles are why the pod cannot lead, or why others come before it.
	Obstacles []Obstacle
	// EligibleFrom is when a pod that is too young has been Ready for its min-ready; zero for any other.
	EligibleFrom time.Time
	// Behind is the criterion that places the pod after the one before it. It is empty for the leader, for its successor and for a pod
	// that cannot lead.
	Behind Criterion
}

// Explain returns the decision for the same input as Decide, and where each pod stands: the leader, the pods that can follow, in the order
// in which they do if one after another goes, and then the pods that cannot lead, by name.
//
// It is for people who ask. The controller needs no more than Decide, which stays free of the work done here.
func Explain(rules Rules, candidates []Candidate, incumbent Incumbent, now time.Time) (Decision, []Standing) {
	decision := Decide(rules, candidates, incumbent, now)
	leader := Candidate{}
	if decision.Leader != nil {
		leader = *decision.Leader
	}
	e := newEvaluation(rules, candidates, now).announceRollouts(leader.UID)
	var all []Standing
	taken := map[string]bool{}
	if decision.Leader != nil {
		taken[leader.UID] = true
		all = append(all, e.standing(leader, RoleLeader))
	}
	if rules.Following != nil {
		return decision, append(all, e.excluded(taken)...)
	}
	var before *Candidate
	for next := e.nextExcept(leader, taken); next != nil; next = e.nextExcept(leader, taken) {
		standing := e.standing(*next, RoleCandidate)
		if before == nil && decision.Leader != nil {
			standing.Role = RoleSuccessor
		}
		standing.Behind = e.behind(next, before, leader.Node)
		all = append(all, standing)
		taken[next.UID], before = true, next
	}
	return decision, append(all, e.excluded(taken)...)
}

// nextExcept returns who follows when this leader and the pods that are taken have gone.
func (e evaluation) nextExcept(leader Candidate, taken map[string]bool) *Candidate {
	free := func(c Candidate) bool { return !taken[c.UID] }
	if next := e.nextOf(leader.UID, leader.Node, func(c Candidate) bool { return free(c) && c.trusted() }); next != nil {
		return next
	}
	return e.nextOf(leader.UID, leader.Node, free)
}

// excluded returns the standings of the pods that are not taken, by name.
func (e evaluation) excluded(taken map[string]bool) []Standing {
	var all []Standing
	for _, c := range e.candidates {
		if !taken[c.UID] {
			all = append(all, e.standing(c, RoleExcluded))
		}
	}
	slices.SortFunc(all, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(a.Candidate.Name, b.Candidate.Name), cmp.Compare(a.Candidate.UID, b.Candidate.UID))
	})
	return all
}

func (e evaluation) standing(c Candidate, role Role) Standing {
	standing := Standing{Candidate: c, Role: role, Obstacles: e.obstacles(c)}
	if slices.Contains(standing.Obstacles, ObstacleTooYoung) {
		standing.EligibleFrom = e.rules.eligibleFrom(&c)
	}
	return standing
}

// behind returns what places a pod after the one before it: first what next and nextOf look at, then the order of Rules.compare.
func (e evaluation) behind(c, before *Candidate, leavingNode string) Criterion {
	switch {
	case before == nil:
		return ""
	case c.trusted() != before.trusted():
		return ByTrust
	case c.Finite != before.Finite:
		return ByCompletion
	case e.eligible(*c) != e.eligible(*before):
		return ByMinReady
	}
	if !e.rules.Sticky {
		leavingNode = ""
	}
	_, by := e.rules.compareBy(before, c, leavingNode)
	return by
}
