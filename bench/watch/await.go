package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Steady is the state that a Service must be in before its leader is taken away.
type Steady struct {
	// Pods is how many pods must be ready and not terminating.
	Pods int
	// Quiet is how long leader and pods must have been unchanged, with no pod terminating. kube-proxy applies a change at once only
	// after a second without one, and no failover may overlap the end of a pod that led before: with a drain window of 3 s, pods end
	// just when the next failover would be due.
	Quiet time.Duration
}

// missing returns what keeps a Service from being steady; empty when nothing does. The quiet time is the caller's to check.
func missing(pods []Pod, leader LeaderChange, want int) string {
	ready, leads := countReady(pods), false
	detail, terminating, unready := "", "", ""
	for _, pod := range pods {
		switch {
		case pod.canLead():
			leads = leads || pod.UID == leader.UID
		case pod.terminating:
			terminating = pod.Name
		case !pod.ended:
			unready = "pod " + pod.Name + " is not ready"
			if pod.waiting != "" {
				unready += ": " + pod.waiting
				detail = fmt.Sprintf(" (%s: %s)", pod.Name, pod.waiting)
			}
		}
	}
	switch {
	case ready < want:
		return fmt.Sprintf("%d of %d pods are ready%s", ready, want, detail)
	case leader.UID == "":
		return "no pod leads"
	case !leads:
		return fmt.Sprintf("the leader %s is not one of the ready pods", leader.Name)
	case terminating != "":
		return fmt.Sprintf("pod %s is still terminating", terminating)
	case unready != "": // one more than at the start: a rollout was under way then, for example
		return unready
	}
	return ""
}

// countReady returns how many pods are ready and not terminating.
func countReady(pods []Pod) int {
	count := 0
	for _, pod := range pods {
		if pod.canLead() {
			count++
		}
	}
	return count
}

// AwaitPods waits until a Service has want ready pods, with or without a leader.
func (v *View) AwaitPods(ctx context.Context, service string, want int) error {
	why := ""
	err := v.cond.waitUntil(ctx, func() (bool, time.Duration) {
		pods := v.services[service].sortedPods()
		why = missing(pods, LeaderChange{}, want)
		return countReady(pods) >= want, 0
	})
	return v.explain(err, service, why)
}

// AwaitSteady waits until a Service is steady. It returns the last change of leader, and how many changes the View has seen until now.
func (v *View) AwaitSteady(ctx context.Context, service string, want Steady) (leader LeaderChange, changes int, err error) {
	why := ""
	err = v.cond.waitUntil(ctx, func() (bool, time.Duration) {
		s := v.services[service]
		leader, changes = s.lastChange(), len(s.changes)
		if why = missing(s.sortedPods(), leader, want.Pods); why != "" {
			return false, 0
		}
		why = fmt.Sprintf("leader and pods were not unchanged for %s", want.Quiet)
		remaining := want.Quiet - time.Since(s.unchangedSince)
		return remaining <= 0, remaining
	})
	return leader, changes, v.explain(err, service, why)
}

// AwaitMove waits until a pod other than old leads, and ignores the first skip changes.
func (v *View) AwaitMove(ctx context.Context, service string, old types.UID, skip int) (LeaderChange, error) {
	var to LeaderChange
	err := v.cond.waitUntil(ctx, func() (bool, time.Duration) {
		for _, change := range v.services[service].changes[skip:] {
			if change.UID != "" && change.UID != old {
				to = change
				return true, 0
			}
		}
		return false, 0
	})
	return to, v.explain(err, service, "no other pod leads")
}

// AwaitLoss waits until the watch has seen a pod stop being ready at the time after or later, and returns the time at which that was.
func (v *View) AwaitLoss(ctx context.Context, service string, pod types.UID, after time.Time) (time.Time, error) {
	var at time.Time
	err := v.cond.waitUntil(ctx, func() (bool, time.Duration) {
		at = v.services[service].unreadySince[pod]
		return !at.Before(after), 0
	})
	return at, v.explain(err, service, "the leader is still ready")
}

// Leader returns the pod that a change made the leader. Of a pod that is gone, only its UID and name are known.
func (v *View) Leader(service string, change LeaderChange) Pod {
	v.cond.Lock()
	defer v.cond.Unlock()
	if pod, found := v.services[service].pods[change.UID]; found {
		return pod
	}
	return Pod{UID: change.UID, Name: change.Name}
}

// CountMoves returns how often another pod became the leader, without the first skip changes.
func (v *View) CountMoves(service string, skip int) int {
	v.cond.Lock()
	defer v.cond.Unlock()
	count := 0
	for _, change := range v.services[service].changes[skip:] {
		if change.UID != "" {
			count++
		}
	}
	return count
}

// explain adds to the error of a wait what was missing when it ended, and which watch may be the reason.
func (v *View) explain(err error, service, why string) error {
	if err == nil {
		return nil
	}
	v.cond.Lock()
	defer v.cond.Unlock()
	if v.podsFailed != nil {
		why += fmt.Sprintf("; the watch on pods failed and has shown nothing since: %v", v.podsFailed)
	}
	if v.slicesFailed != nil {
		why += fmt.Sprintf("; the watch on EndpointSlices failed and has shown nothing since: %v", v.slicesFailed)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("gave up on Service %s: %s", service, why)
	}
	return fmt.Errorf("stopped waiting for Service %s (%s): %w", service, why, err)
}
