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
func missing(pods []Pod, leader Move, want int) string {
	ready, leads := 0, false
	detail, terminating := "", ""
	for _, pod := range pods {
		switch {
		case pod.canLead():
			ready++
			leads = leads || pod.UID == leader.UID
		case pod.terminating:
			terminating = pod.Name
		case pod.waiting != "":
			detail = fmt.Sprintf(" (%s: %s)", pod.Name, pod.waiting)
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
	}
	return ""
}

// AwaitPods waits until a Service has want ready pods, with or without a leader.
func (v *View) AwaitPods(ctx context.Context, service string, want int) error {
	why := ""
	err := v.wait(ctx, func() (bool, time.Duration) {
		pods, ready := v.services[service].sortedPods(), 0
		for _, pod := range pods {
			if pod.canLead() {
				ready++
			}
		}
		why = missing(pods, Move{}, want)
		return ready >= want, 0
	})
	return v.explain(err, service, why)
}

// AwaitSteady waits until a Service is steady. It returns the leader and how many moves the View has seen until now.
func (v *View) AwaitSteady(ctx context.Context, service string, want Steady) (leader Move, moves int, err error) {
	why := ""
	err = v.wait(ctx, func() (bool, time.Duration) {
		s := v.services[service]
		leader, moves = s.leader(), len(s.moves)
		if why = missing(s.sortedPods(), leader, want.Pods); why != "" {
			return false, 0
		}
		why = fmt.Sprintf("leader and pods were not unchanged for %s", want.Quiet)
		remaining := want.Quiet - time.Since(s.changed)
		return remaining <= 0, remaining
	})
	return leader, moves, v.explain(err, service, why)
}

// AwaitMove waits until a pod other than old leads, and ignores the first skip moves.
func (v *View) AwaitMove(ctx context.Context, service string, old types.UID, skip int) (Move, error) {
	var to Move
	err := v.wait(ctx, func() (bool, time.Duration) {
		for _, move := range v.services[service].moves[skip:] {
			if move.UID != "" && move.UID != old {
				to = move
				return true, 0
			}
		}
		return false, 0
	})
	return to, v.explain(err, service, "no other pod leads")
}

// AwaitLoss waits until a pod has stopped being ready, not before after, and returns when the watch saw it.
func (v *View) AwaitLoss(ctx context.Context, service string, pod types.UID, after time.Time) (time.Time, error) {
	var at time.Time
	err := v.wait(ctx, func() (bool, time.Duration) {
		at = v.services[service].lost[pod]
		return !at.Before(after), 0
	})
	return at, v.explain(err, service, "the leader is still ready")
}

// Leader returns the pod that a move made the leader. Of a pod that is gone, only what the move tells is known.
func (v *View) Leader(service string, move Move) Pod {
	v.Lock()
	defer v.Unlock()
	if pod, found := v.services[service].pods[move.UID]; found {
		return pod
	}
	return Pod{UID: move.UID, Name: move.Name}
}

// CountMoves returns how often another pod became the leader, without the first skip moves.
func (v *View) CountMoves(service string, skip int) int {
	v.Lock()
	defer v.Unlock()
	count := 0
	for _, move := range v.services[service].moves[skip:] {
		if move.UID != "" {
			count++
		}
	}
	return count
}

// explain adds to the error of a wait what was missing when it ended.
func (v *View) explain(err error, service, why string) error {
	if err == nil {
		return nil
	}
	v.Lock()
	defer v.Unlock()
	if v.broken != nil {
		why += fmt.Sprintf("; the watch broke: %v", v.broken)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("gave up on Service %s: %s", service, why)
	}
	return fmt.Errorf("stopped waiting for Service %s (%s): %w", service, why, err)
}
