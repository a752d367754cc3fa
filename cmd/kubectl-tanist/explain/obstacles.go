package explain

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// obstacle says in words why a pod cannot lead, or why others come before it.
func (e *elected) obstacle(obstacle election.Obstacle, s election.Standing) string {
	c := s.Candidate
	switch obstacle {
	case election.ObstacleTerminating:
		return "it is being deleted"
	case election.ObstacleNotReady:
		return notReady(c)
	case election.ObstacleUnfit:
		return c.Problem
	case election.ObstacleExcluded:
		return c.Excluded
	case election.ObstacleNotElected:
		return "it does not hold Lease " + e.options.FollowLease + ", which the Service follows"
	case election.ObstacleInDoubt:
		mark, _ := e.losses.Mark(types.UID(c.UID))
		return "Tanist moved the leader away from it at " + timestamp(mark.At) + ", because it seemed to be lost"
	case election.ObstacleRunsToCompletion:
		return "it runs to completion: it belongs to a Job, or its containers are not always restarted"
	case election.ObstacleTooYoung:
		return fmt.Sprintf("it has been ready since %s, which is less than %s asks for", timestamp(c.ReadySince), e.minReady(c))
	case election.ObstacleAnnounced:
		return e.announcement(c)
	case election.ObstacleIncomplete:
		return "it lacks a part of the traffic: " + e.lacks(c)
	}
	return string(obstacle)
}

func notReady(c election.Candidate) string {
	text := "it is not ready"
	if !c.ReadySince.IsZero() {
		text += ", since " + timestamp(c.ReadySince)
	}
	switch {
	case c.Node == "":
		return text + ": it has no node yet"
	case c.NodeUnknown:
		return text + ": Kubernetes does not hear from its node " + c.Node
	}
	return text
}

// minReady names what asks a pod to have been ready for a while.
func (e *elected) minReady(c election.Candidate) string {
	if c.Unprobed && e.rules.MinReadyUnprobed > e.rules.MinReady {
		return fmt.Sprintf("%s (%s, the default for pods without a readiness probe)", config.MinReadyKey, e.rules.MinReadyUnprobed)
	}
	return fmt.Sprintf("%s (%s)", config.MinReadyKey, e.rules.MinReady)
}

func (e *elected) announcement(c election.Candidate) string {
	switch c.Announced {
	case election.AnnouncedNode:
		return e.nodeGoing(c.Node)
	case election.AnnouncedRollout:
		return "the rollout of its workload replaces it"
	case election.AnnouncedScaleDown:
		return "it is beyond the replicas of its StatefulSet"
	default:
		return "its eviction, preemption or deletion has been announced"
	}
}

// lacks returns the ports and address families that a pod lacks.
func (e *elected) lacks(c election.Candidate) string {
	pod := e.pods[types.UID(c.UID)]
	_, lacks := leaderslice.SlicePorts(e.ports, pod)
	if missing := leaderslice.MissingFamilies(pod, leaderslice.Families(e.leaderService)); len(missing) > 0 {
		lacks = append(lacks, disruption.MissingAddress(missing))
	}
	return disruption.Summarize(lacks)
}

func timestamp(t time.Time) string {
	return strings.Replace(t.UTC().Format(time.RFC3339), "T", " ", 1)
}
