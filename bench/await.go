package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// steadiness is what a Service must have before its leader is taken away.
type steadiness struct {
	// pods is how many must be ready and staying.
	pods int
	// quiet is how long leader and pods must have been unchanged, and the pods that led before gone: kube-proxy applies a change at
	// once only after a second without one, and neither an election of the run's own making nor the end of a container may overlap
	// the next. With a drain window of 3 s, pods end just when the next failover would be due.
	quiet time.Duration
}

// unsteady says what is missing before the leader may be taken away, empty when nothing is.
func unsteady(pods []podState, leader move, want int) string {
	ready, leads := 0, false
	detail, ending := "", ""
	for _, pod := range pods {
		switch {
		case pod.fit():
			ready++
			leads = leads || pod.uid == leader.to
		case pod.terminating:
			ending = pod.name
		case pod.waiting != "":
			detail = fmt.Sprintf(" (%s: %s)", pod.name, pod.waiting)
		}
	}
	switch {
	case ready < want:
		return fmt.Sprintf("%d of %d pods are ready%s", ready, want, detail)
	case leader.to == "":
		return "no pod leads"
	case !leads:
		return fmt.Sprintf("the leader %s is not one of the ready pods", leader.name)
	case ending != "":
		return fmt.Sprintf("pod %s is still terminating", ending)
	}
	return ""
}

// awaitPods waits until a Service has so many ready pods, whoever leads.
func (v *view) awaitPods(ctx context.Context, name string, want int) error {
	why := ""
	err := v.wait(ctx, func() (bool, time.Duration) {
		ready := 0
		pods := v.services[name].sortedPods()
		for _, pod := range pods {
			if pod.fit() {
				ready++
			}
		}
		why = unsteady(pods, move{}, want)
		return ready >= want, 0
	})
	return v.explain(err, name, why)
}

// awaitSteady waits until a Service may lose its leader. It returns that leader and how many moves there were until now.
func (v *view) awaitSteady(ctx context.Context, name string, want steadiness) (leader move, moves int, err error) {
	why := ""
	err = v.wait(ctx, func() (bool, time.Duration) {
		service := v.services[name]
		leader, moves = service.leader(), len(service.moves)
		if why = unsteady(service.sortedPods(), leader, want.pods); why != "" {
			return false, 0
		}
		why = fmt.Sprintf("leader and pods were not unchanged for %s", want.quiet)
		rest := want.quiet - time.Since(service.disturbed)
		return rest <= 0, rest
	})
	return leader, moves, v.explain(err, name, why)
}

// awaitMove waits until a pod other than old leads, looking only at changes after the first so many.
func (v *view) awaitMove(ctx context.Context, name string, old types.UID, after int) (move, error) {
	var to move
	err := v.wait(ctx, func() (bool, time.Duration) {
		for _, candidate := range v.services[name].moves[after:] {
			if candidate.to != "" && candidate.to != old {
				to = candidate
				return true, 0
			}
		}
		return false, 0
	})
	return to, v.explain(err, name, "no other pod leads")
}

// awaitLoss waits until a pod is seen to stop being ready, at a time or later, and returns when.
func (v *view) awaitLoss(ctx context.Context, name string, uid types.UID, after time.Time) (time.Time, error) {
	var at time.Time
	err := v.wait(ctx, func() (bool, time.Duration) {
		at = v.services[name].lost[uid]
		return !at.Before(after), 0
	})
	return at, v.explain(err, name, "the leader is still ready")
}

// leading is the pod that a move made the leader; of one that is gone already, what the move says.
func (v *view) leading(name string, leader move) podState {
	v.Lock()
	defer v.Unlock()
	if pod, there := v.services[name].pods[leader.to]; there {
		return pod
	}
	return podState{uid: leader.to, name: leader.name}
}

// movesSince counts the changes to a pod after the first so many.
func (v *view) movesSince(name string, after int) int {
	v.Lock()
	defer v.Unlock()
	count := 0
	for _, m := range v.services[name].moves[after:] {
		if m.to != "" {
			count++
		}
	}
	return count
}

// explain adds what was missing to the error of a wait that ended too early.
func (v *view) explain(err error, service, why string) error {
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
