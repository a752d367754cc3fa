package explain

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// toLead returns what would have to happen for a pod to lead. It is empty for the leader.
func (e *elected) toLead(in Input, at int, now time.Time) []string {
	standing := e.standings[at]
	c := standing.Candidate
	if c.UID == e.incumbent.UID && standing.Role == election.RoleLeader {
		return nil
	}
	var all []string
	for _, obstacle := range standing.Obstacles {
		if text := e.remedy(in, obstacle, standing); text != "" {
			all = append(all, text)
		}
	}
	switch standing.Role {
	case election.RoleExcluded:
		return all
	case election.RoleLeader:
		return append(all, fmt.Sprintf("takes over as soon as Tanist acts (%s)", e.decision.Reason))
	case election.RoleSuccessor:
		all = append(all, "is next: leads as soon as "+e.standings[0].Candidate.Name+" goes")
	default:
		all = append(all, fmt.Sprintf("leads when the %d pods before it have gone", at))
	}
	if e.canBePreferred(c, now) {
		all = append(all, fmt.Sprintf("or, now: kubectl tanist handover %s --namespace %s --to %s", in.Service.Name, in.Service.Namespace, c.Name))
	}
	return all
}

// canBePreferred reports whether the pod takes over from the leader if it is the preferred one.
func (e *elected) canBePreferred(c election.Candidate, now time.Time) bool {
	rules := e.rules
	rules.Preferred = c.Name
	decision := election.Decide(rules, e.candidates, e.incumbent, now)
	return decision.Leader != nil && decision.Leader.UID == c.UID && decision.Reason == election.ReasonPreferred
}

// remedy returns what removes an obstacle; empty if nothing does, or if it passes by itself.
func (e *elected) remedy(in Input, obstacle election.Obstacle, s election.Standing) string {
	c := s.Candidate
	switch obstacle {
	case election.ObstacleTerminating:
		return "nothing: it is going"
	case election.ObstacleNotReady:
		switch {
		case slices.Contains(s.Obstacles, election.ObstacleTerminating):
			return ""
		case c.NodeUnknown:
			return "its node " + c.Node + " must report again"
		}
		return "must become ready"
	case election.ObstacleUnfit:
		return e.unfitRemedy(in, c)
	case election.ObstacleExcluded:
		return e.excludedRemedy(in, c)
	case election.ObstacleNotElected:
		return "must be elected by its application: Tanist only follows"
	case election.ObstacleInDoubt:
		mark, _ := e.losses.Mark(types.UID(c.UID))
		return "must have been heard for some seconds, or wait until " + timestamp(mark.At.Add(leaderslice.MarkFor))
	case election.ObstacleTooYoung:
		return "must stay ready until " + timestamp(s.EligibleFrom) + ", unless no other pod can lead"
	case election.ObstacleAnnounced:
		if c.Announced == election.AnnouncedNode {
			return e.nodeRemedy(c.Node)
		}
	}
	return ""
}

// excludedRemedy returns what lets a pod lead that the user has excluded.
func (e *elected) excludedRemedy(in Input, c election.Candidate) string {
	pod := e.pods[types.UID(c.UID)]
	if c.Excluded != config.Excluded(pod, e.options.CandidateCondition) { // its workload excludes it, whatever else does
		return fmt.Sprintf("must belong to %s: change or remove the annotation %s of the Service if it should lead", e.options.SameController, config.SameControllerKey)
	}
	if may, _ := config.ParseCandidate(pod.Annotations); !may {
		return fmt.Sprintf("if it should lead: kubectl annotate pod %s --namespace %s %s-", c.Name, in.Service.Namespace, config.CandidateKey)
	}
	return "must have the condition " + e.options.CandidateCondition
}

// unfitRemedy returns what a pod needs that can take none of the traffic.
func (e *elected) unfitRemedy(in Input, c election.Candidate) string {
	pod := e.pods[types.UID(c.UID)]
	families := leaderslice.Families(e.leaderService)
	_, problem := disruption.Shortcomings(pod, e.ports, families)
	switch {
	case c.Problem == trim.TooLargePod:
		return "must have fewer or shorter labels, named ports and annotations"
	case problem == disruption.MissingAddress(families):
		return fmt.Sprintf("must get an address of the family of Service %s (its ipFamilies)", in.Service.Name)
	default:
		return fmt.Sprintf("must have a container port with that name, or Service %s another targetPort", in.Service.Name)
	}
}
