package afterhandover

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/retry"
)

// Reconcile does what is due about the old leader of one source Service.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	defer c.limiter.Forfeit(key)
	in, found := c.load(key)
	if !found {
		c.memory.forget(key)
		return reconcile.Result{}, nil
	}
	d := decide(in, c.clock.Now())
	if !d.acts() {
		return c.end(key, in, d), nil
	}
	if !c.holds() {
		return reconcile.Result{RequeueAfter: recheck}, nil
	}
	if !c.limiter.TryAcquire(key, false) {
		c.noteProblem(key, in, "others were being dealt with")
		return reconcile.Result{}, nil // the limiter enqueues the Service again
	}
	defer c.limiter.Release()
	if err := c.refresh(ctx, &in); err != nil {
		c.noteProblem(key, in, fmt.Sprintf("the old leader could not be read: %v", err))
		return reconcile.Result{}, retry.UnlessStopping(ctx, err)
	}
	if d = decide(in, c.clock.Now()); !d.acts() {
		return c.end(key, in, d), nil
	}
	outcome, text := c.apply(ctx, in, d)
	return c.acted(key, in, outcome, text), nil
}

// noteProblem notes why nothing could be tried, so that it is told in the end. What an attempt was answered says more.
func (c *Controller) noteProblem(key types.NamespacedName, in input, problem string) {
	if in.tried.times > 0 {
		return
	}
	in.tried.problem = problem
	c.memory.set(key, in.tried)
}

// end carries out a decision that is none to act.
func (c *Controller) end(key types.NamespacedName, in input, d decision) reconcile.Result {
	switch d.step {
	case stepEvicted:
		c.over(key, in, outcomeDone)
		c.report(in, doneReason(in), "it was evicted, although no answer said so")
	case stepUnneeded:
		c.over(key, in, outcomeUnneeded)
	case stepGiveUp:
		outcome := outcomeFailed
		if in.tried.refused {
			outcome = outcomeRefused
		}
		c.over(key, in, outcome)
		c.report(in, notify.ReasonAfterHandoverFailed, d.problem)
	case stepWait:
		if d.problem != "" {
			c.noteProblem(key, in, d.problem)
		}
	}
	return reconcile.Result{RequeueAfter: d.after}
}

// acted records what became of an action, and returns when to look again.
func (c *Controller) acted(key types.NamespacedName, in input, became result, text string) reconcile.Result {
	switch became {
	case resultDone:
		c.over(key, in, outcomeDone)
		c.report(in, doneReason(in), text)
	case resultGone:
		in.setPod(nil)
		return c.end(key, in, decide(in, c.clock.Now()))
	case resultFailed:
		c.over(key, in, outcomeFailed)
		c.report(in, notify.ReasonAfterHandoverFailed, text)
	default:
		now := c.clock.Now()
		in.tried = in.tried.failed(became, text, now)
		c.memory.set(key, in.tried)
		return c.end(key, in, decide(in, now))
	}
	return reconcile.Result{}
}

// over records that nothing more is to be done in this term.
func (c *Controller) over(key types.NamespacedName, in input, how outcome) {
	in.tried.over = true
	c.memory.set(key, in.tried)
	c.outcomes.count(in, how)
}
