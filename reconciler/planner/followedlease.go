package planner

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// followedLease returns the Lease that the Service follows.
func (in Input) followedLease(rules election.Rules, state lease.State) followedLease {
	if rules.Following == nil {
		return followedLease{}
	}
	return followedLease{name: in.Options.FollowLease, state: state, holder: types.UID(rules.Following.Holder)}
}

// followedLeaseWarnings returns the problems of the Lease that a Service follows, and of its holder.
func followedLeaseWarnings(in Input, p Plan) []notify.Warning {
	if p.followedLease.name == "" {
		return nil
	}
	var all []notify.Warning
	add := func(reason, note string, related *corev1.Pod) {
		warning := notify.Warning{Object: in.Source, Reason: reason, Action: notify.ActionElect, Note: "Lease " + p.followedLease.name + " " + note}
		if related != nil {
			warning.Related = related
		}
		all = append(all, warning)
	}
	const stays = "; until then the leader stays while it serves, and no other pod follows it"
	identity := lease.Holder(in.Lease.Lease)
	switch p.followedLease.state {
	case lease.Unreadable:
		add(notify.ReasonLeaseUnreadable, "cannot be read, which needs the chart's value followLeases=true"+stays+": "+in.Lease.Refused, nil)
	case lease.Missing:
		add(notify.ReasonLeaseMissing, "does not exist: the application creates it, or "+config.FollowLeaseKey+" names another one"+stays, nil)
	case lease.Vacant:
		add(notify.ReasonLeaseNotHeld, "has no holder: the application has elected nobody"+stays, nil)
	case lease.Expired:
		until := "; its pod keeps the traffic while it serves"
		if p.followedLease.holder == "" { // the pod is gone, or the Service does not select it
			until = stays
		}
		add(notify.ReasonLeaseNotHeld, fmt.Sprintf("has expired: %q has not renewed it, and no other pod has taken it", identity)+until, nil)
	case lease.Replaced:
		add(notify.ReasonLeaseHolderUnknown, fmt.Sprintf("is held by %q, an earlier pod of that name: the pod that has it now was created after the last renewal",
			identity)+stays, nil)
	case lease.UnknownHolder:
		add(notify.ReasonLeaseHolderUnknown, fmt.Sprintf("is held by %q, which is none of the pods that the Service selects: the identity must be the name of one, "+
			"or that name, an underscore and anything", identity)+stays, nil)
	case lease.Held:
	}
	if pod := in.Pod(p.followedLease.holder); pod != nil && p.Decision.Leader == nil {
		add(notify.ReasonLeaseHolderNotReady, "is held by pod "+pod.Name+", which gets no traffic: "+p.whyNot(pod.UID), pod)
	}
	return all
}

// whyNot says why the holder of the Lease cannot lead.
func (p *Plan) whyNot(holder types.UID) string {
	for _, c := range p.candidates {
		if c.UID == string(holder) && c.Problem != "" {
			return c.Problem
		}
	}
	return "it is not ready"
}
