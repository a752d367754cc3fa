package leaderservice

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/retry"
)

// Reconcile creates, updates or deletes the leader Service of one source Service.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key, now := request.NamespacedName, time.Now()
	if !c.shares.tryAcquire(key) {
		return reconcile.Result{}, nil // it is enqueued again
	}
	defer c.shares.release(key.Namespace)
	in, err := c.load(ctx, key, now)
	if err != nil {
		return reconcile.Result{}, retry.UnlessStopping(ctx, err)
	}
	plan := decide(in, now)
	plan.deferReport(c.quiet.Remaining(key.Namespace, now))
	c.deferContested(key, &plan, now)
	c.limitRate(key, &plan, in, now)
	writes := plan.writes()
	err = c.apply(ctx, &plan)
	if writes && (err == nil || errors.Is(err, retry.ErrUnanswered)) {
		c.pace.Written(key, time.Now())
	}
	c.recordRepairs(key, &plan, in, now)
	result, err := c.result(key, &plan, in, err, now)
	c.foreign.set(key, plan.foreignSlices)
	notify.Emit(c.recorder, c.warnings.Filter(key, plan.warnings))
	if len(plan.refusals) > 0 || err == nil && !plan.deferred {
		notify.Emit(c.recorder, c.refusalWarnings.Filter(key, plan.refusals))
	}
	return result, retry.UnlessStopping(ctx, err)
}

// result returns when to reconcile again, depending on what the API server has answered. It adds a warning about a refused write.
func (c *Controller) result(key types.NamespacedName, p *plan, in input, err error, now time.Time) (reconcile.Result, error) {
	switch {
	case err == nil:
		if !p.deferred { // what was refused may be what was deferred
			c.refusals.Forget(key)
		}
		if in.existing == nil {
			c.repairs.Forget(key)
			c.removals.Forget(key)
			c.conditions.Forget(key)
		}
		return reconcile.Result{RequeueAfter: p.requeueAfter}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return reconcile.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		return reconcile.Result{RequeueAfter: outdatedDelay}, nil
	case notify.Refused(err):
		tried := c.refusals.Record(key, notify.RefusalCause(err), now)
		p.refusals = []notify.Warning{notify.WriteRefusedWarning(in.source, notify.ActionMirror, err, tried)}
		return reconcile.Result{RequeueAfter: tried.Delay()}, nil // even when the plan would be due sooner
	default:
		return reconcile.Result{}, err
	}
}
