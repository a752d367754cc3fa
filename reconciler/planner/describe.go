package planner

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// Describe returns the type, reason and note of the Event about a commit. The reason is empty when there is no Event.
func Describe(p Plan) (eventType, reason, note string) {
	before, after := p.Before, p.After
	switch {
	case after.Leader.Name == "" && p.Decision.Move:
		return corev1.EventTypeWarning, notify.ReasonNoLeader, fmt.Sprintf(
			"%s no longer leads and no pod can follow: %s (term %d)", before.Leader.Name, p.leaderless(), after.Term)
	case after.Leader.Name == "" && after.Reason != before.Reason:
		// This is not a warning, because the Service's pods may not have been created yet.
		return corev1.EventTypeNormal, notify.ReasonNoLeader, "no pod can lead yet: " + p.leaderless()
	case !after.Leader.Ready && before.Leader.Ready && p.followedLease.name != "":
		return corev1.EventTypeNormal, notify.ReasonLastResort, after.Leader.Name +
			" is terminating and keeps the traffic as long as it serves, until another pod holds Lease " + p.followedLease.name
	case !after.Leader.Ready && before.Leader.Ready:
		return corev1.EventTypeWarning, notify.ReasonLastResort,
			after.Leader.Name + " is terminating and keeps the traffic as long as it serves, because no other pod can lead"
	case p.Decision.Move && before.Leader.Name != "":
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads after %s: %s (term %d)", after.Leader.Name, before.Leader.Name, after.Reason, after.Term)
	case p.Decision.Move:
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads: %s (term %d)", after.Leader.Name, after.Reason, after.Term)
	default:
		return "", "", ""
	}
}

// leaderless says why a Service without a leader has none.
func (p *Plan) leaderless() string {
	switch {
	case p.followedLease.name == "":
		return "no pod that the Service selects is ready and has any of its ports" + excludedNote(*p)
	case p.followedLease.holder != "":
		return "the pod that holds Lease " + p.followedLease.name + " cannot take traffic: " + p.whyNot(p.followedLease.holder)
	default:
		return "none of its pods is known to hold Lease " + p.followedLease.name
	}
}

// excludedNote says which pods could lead if the user let them; empty if there are none.
func excludedNote(p Plan) string {
	var all []string
	for _, c := range p.candidates {
		if c.Excluded != "" && c.Ready && !c.Terminating && c.Problem == "" {
			all = append(all, c.Name+": "+c.Excluded)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ", except for pods that are not made leader: " + disruption.Summarize(all)
}
