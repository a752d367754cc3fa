package failover

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/retry"
)

// maxAttempts is how often one reconciliation decides before it leaves the next attempt to the work queue, with its delay.
const maxAttempts = 3

// Reconcile brings the slices of one source Service's leader Service up to date. A hand-over that admission has prepared is committed as
// soon as the leader's departure is seen. Everything else is decided now. When the API server refuses a commit because another one came
// first, the Service is decided again, from the slice as it is then.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key, began := request.NamespacedName, time.Now()
	first, last := c.triggers.Take(key)
	defer c.limiter.Forfeit(key)
	in, found := c.loadFromInformers(key)
	if !found {
		c.forget(key, in.Source)
		return reconcile.Result{}, nil
	}
	c.stores.Leases.Follow(key, in.Options.FollowLease)
	in.Trigger, in.LatestEvent, in.Began = first, last, began
	if p, origin, prepared := c.takePreparedInPace(key, &in); prepared {
		// A prepared commit waits neither for other replicas nor at the limiter.
		switch err := c.commit(ctx, key, in, p, origin); {
		case err == nil:
			c.enqueueAfter(key, 0) // the next successor is chosen after the other hand-overs that are due
			return reconcile.Result{}, nil
		case errors.Is(err, errEventToCome):
			return c.awaitEvent(key, in), nil
		}
		if in, found = c.loadAgain(in, key); !found {
			return c.awaitEvent(key, in), nil
		}
	}
	if !c.limiter.TryAcquire(key, !in.Trigger.IsZero()) {
		c.triggers.Restore(key, in.Trigger, in.LatestEvent)
		return reconcile.Result{}, nil
	}
	defer c.limiter.Release()
	result, err := c.decideAndCommit(ctx, key, in)
	return result, retry.UnlessStopping(ctx, err)
}

// decideAndCommit decides and commits. It starts again when its input turns out to be outdated, from a live read unless something newer has come
// meanwhile.
func (c *Controller) decideAndCommit(ctx context.Context, key types.NamespacedName, in planner.Input) (reconcile.Result, error) {
	podsToo := false
	for range maxAttempts {
		in.Authority = c.authority() // another replica may have taken the Lease while this one waited for an answer
		complete, found, err := c.loadSlices(ctx, key, in, podsToo)
		if err != nil {
			c.triggers.Restore(key, in.Trigger, in.LatestEvent)
			return reconcile.Result{}, err
		}
		if !found {
			c.unobserve(key)
			c.recordSuccessor(key, nil)
			return reconcile.Result{}, nil
		}
		c.reportUnanswered(ctx, key, complete.Record)
		result, err := c.reconcileOnce(ctx, key, complete)
		switch {
		case errors.Is(err, errEventToCome):
			return c.awaitEvent(key, complete), nil
		case errors.Is(err, errOutdated):
			podsToo = false
			if in, found = c.loadAgain(in, key); !found {
				return c.awaitEvent(key, in), nil
			}
			continue
		case errors.Is(err, errBehind):
			podsToo = true
			continue
		case notify.Refused(err):
			c.triggers.Restore(key, in.Trigger, in.LatestEvent)
			return c.reportRefusal(key, complete, err), nil
		case err != nil:
			c.triggers.Restore(key, in.Trigger, in.LatestEvent)
		}
		return result, err
	}
	c.triggers.Restore(key, in.Trigger, in.LatestEvent)
	return reconcile.Result{}, fmt.Errorf("failed to commit after %d attempts: %w", maxAttempts, errOutdated)
}

// reconcileOnce decides, commits and reports, once.
func (c *Controller) reconcileOnce(ctx context.Context, key types.NamespacedName, in planner.Input) (reconcile.Result, error) {
	now, decided := time.Now(), c.clock.Now()
	p := planner.Decide(in, decided)
	if len(p.Writes) == 0 {
		c.leaders.SetState(key, p.StateUnwritten(), p.Highest)
	} else {
		wait, err := c.delay(key, in, p, now)
		if wait == 0 && err == nil {
			wait = c.pause(key, in, p, decided, now)
		}
		if wait > 0 || err != nil {
			c.leaders.SetState(key, p.StateUnwritten(), p.Highest)
			if err == nil {
				c.triggers.Restore(key, in.Trigger, in.LatestEvent)
			}
			return reconcile.Result{RequeueAfter: wait}, err
		}
		if err := c.commit(ctx, key, in, p, origin{path: c.commitPath()}); err != nil {
			return reconcile.Result{}, err
		}
		c.recordRepair(key, in, p, now)
	}
	c.recordSuccessor(key, p.Decision.Successor)
	c.recordHeldBack(key, in.Record.HeldBack, string(p.Decision.HeldBackReason))
	report := c.observe(key, in, p, decided, now)
	c.warn(key, in, p)
	c.refusalBackoff.Forget(key)
	c.refusalWarnings.Filter(key, nil)
	after := retry.MinNonZero(retry.MinNonZero(planner.RequeueAfter(p), in.RecheckDoubt(p, decided)), report)
	after = retry.MinNonZero(after, c.leaders.ExpirePrepared(key, now))
	return reconcile.Result{RequeueAfter: retry.MinNonZero(after, c.departuresEnd(in.Pods, now))}, nil
}

// departuresEnd returns after how long the first departure of a pod that admission has seen counts as refused; zero if there is none. Each attempt
// of an eviction that a budget refuses makes it later, which no event tells.
func (c *Controller) departuresEnd(pods []*corev1.Pod, now time.Time) (first time.Duration) {
	for _, pod := range pods {
		first = retry.MinNonZero(first, c.leaders.DepartingFor(pod.UID, now))
	}
	return first
}

// commit writes a plan. It reports the plan if the first write succeeded, because that one switches the leader. Whether a write succeeded whose
// answer was lost shows later (see reportUnanswered).
func (c *Controller) commit(ctx context.Context, key types.NamespacedName, in planner.Input, p planner.Plan, origin origin) error {
	decided := time.Now()
	c.pace.Attempt(key, decided)
	in.RecordMove(p, decided)
	committed, err := c.apply(ctx, key, in.Tuning, p)
	if committed || errors.Is(err, retry.ErrUnanswered) {
		c.pace.Written(key, time.Now())
	}
	c.learn(key, in, p, origin, decided, committed, err)
	if committed {
		c.leaders.SetState(key, p.After, p.After.Term)
		c.report(ctx, key, in, p, origin, decided, time.Now())
	}
	if errors.Is(err, errOutdated) && in.Authority != commitrules.AuthorityAll && !p.Decision.Reason.Verdict() && c.leaders.IsOutdated(key) {
		return errEventToCome
	}
	return err
}

// learn keeps what the end of a commit says: whether it is known, what became of what admission had prepared, and which replica admission is called on.
func (c *Controller) learn(
	key types.NamespacedName, in planner.Input, p planner.Plan, origin origin, decided time.Time, committed bool, err error,
) {
	switch {
	case !committed && errors.Is(err, retry.ErrUnanswered):
		c.unanswered.add(key, unanswered{in, p, origin, decided})
	case origin.path == pathPrepared:
		c.leaders.CountPrepared(commitOutcome(committed, err))
	case in.Authority != commitrules.AuthorityAll || !in.Preparable(p): // its end does not show which replica admission is called on
	case errors.Is(err, errOutdated) && c.unanswered.has(key): // an own write may have caused the conflict
	case errors.Is(err, errOutdated):
		c.deferral.Forget(key.Namespace)
	case err == nil && c.yields(key, in, p, decided):
		c.deferral.NoOtherCommitted(key.Namespace, c.leaders.OthersCommitted(key.Namespace), decided)
	}
}

// loadAgain is loadFromInformers after an attempt to commit, which may have lasted. It keeps what is known about the events.
func (c *Controller) loadAgain(before planner.Input, key types.NamespacedName) (planner.Input, bool) {
	in, found := c.loadFromInformers(key)
	in.Trigger, in.LatestEvent, in.Began = before.Trigger, before.LatestEvent, before.Began
	return in, found
}

// eventDelay is within how long the event of a write arrives.
const eventDelay = 50 * time.Millisecond

// awaitEvent returns when to decide again about a Service of which somebody else has just written the slice. The event mostly comes sooner, and
// enqueues the Service. If none has come by then, the slice is read.
func (c *Controller) awaitEvent(key types.NamespacedName, in planner.Input) reconcile.Result {
	c.triggers.Restore(key, in.Trigger, in.LatestEvent)
	return reconcile.Result{RequeueAfter: eventDelay}
}

// commitPath returns the path of a commit that admission has not prepared.
func (c *Controller) commitPath() path {
	if c.holdsLease() {
		return pathUnprepared
	}
	return pathBackup
}
