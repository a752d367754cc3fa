package failover

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// errOutdated is the error of a write that the API server refused because the slice has changed since it was read, or is gone, and of one that
// was given up because the leader was heard again.
var errOutdated = errors.New("the EndpointSlice has changed, or the leader was heard again")

// errEventToCome is errOutdated on a replica that leaves commits to others, as long as it does not know what has changed. Many leaders that are lost at
// once keep the API server busy. So such a replica reads nothing that an event is about to tell.
var errEventToCome = fmt.Errorf("%w: its event is to come", errOutdated)

// apply writes slices in order, and reports whether the first one was written. It stops at the first error, so of two replicas that write
// the same, only one makes the other writes. Nothing else in this package writes to the API. The error errOutdated asks for another
// decision.
func (c *Controller) apply(ctx context.Context, key types.NamespacedName, tuning config.Tuning, p planner.Plan) (committed bool, err error) {
	ctx = retry.WithFailFast(ctx)
	for i, write := range p.Writes {
		attempt := c.attemptOf(key, p, i == 0)
		if err := c.write(ctx, key, tuning, write, attempt); err != nil {
			return i > 0, c.classify(key, write, err)
		}
	}
	return len(p.Writes) > 0, nil
}

// attempt sends a write to the API server once, and returns the slice that it answers with.
type attempt func(ctx context.Context, write cache.Write) (*discoveryv1.EndpointSlice, error)

// attemptOf returns how the writes of a plan are sent. A move by a verdict is hedged, because the API server may have been lost together with
// the leader. Its first write, which moves the leader, asks the observer once more before each attempt: the API server may not have answered
// the one before for seconds, and the leader may have been heard again.
func (c *Controller) attemptOf(key types.NamespacedName, p planner.Plan, first bool) attempt {
	byVerdict := p.Decision.Move && p.Decision.Reason.Verdict()
	return func(ctx context.Context, write cache.Write) (*discoveryv1.EndpointSlice, error) {
		switch {
		case byVerdict && first && c.observer.Verdict(key, p.Before.Leader.UID) == observe.NotLost:
			return nil, fmt.Errorf("%w: %w", errOutdated, retry.ErrNotSent)
		case write.Current == nil:
			slice := write.Desired
			return slice, c.client.Create(ctx, slice, leaderslice.FieldOwner)
		case byVerdict && c.hedge != nil:
			return updateHedged(ctx, c.client, c.hedge, write)
		default:
			slice := planner.UpdatedSlice(write.Current, write.Desired)
			return slice, c.client.Update(ctx, slice, leaderslice.FieldOwner)
		}
	}
}

// write creates or updates one slice, and feeds the answer to the leader cache.
func (c *Controller) write(ctx context.Context, key types.NamespacedName, tuning config.Tuning, write cache.Write, send attempt) error {
	verb, operation := "create", opCreateSlice
	if write.Current != nil {
		verb, operation = "update", opUpdateSlice
	}
	defer c.leaders.Writing(key)()
	var slice *discoveryv1.EndpointSlice
	err := retry.Write(ctx, store.FailoverPolicy(tuning), operation, func(ctx context.Context) (err error) {
		slice, err = send(ctx, write)
		return err
	})
	if err != nil {
		return fmt.Errorf("failed to %s EndpointSlice %s: %w", verb, write.Desired.Name, err)
	}
	c.leaders.Committed(key, leaderslice.Parse(slice), time.Now())
	return nil
}

// classify returns nil or errOutdated for errors that are not failures, and all others as they are. It counts conflicts, except for those that
// an own write may have caused whose answer was lost.
func (c *Controller) classify(key types.NamespacedName, write cache.Write, err error) error {
	switch {
	case err == nil, apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil // everything is deleted with the namespace
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		c.leaders.Outdated(key, write.Desired.Name, write.Current, time.Now())
		if errors.Is(err, retry.ErrUnanswered) {
			return fmt.Errorf("%w: %w", errOutdated, retry.ErrUnanswered)
		}
		if !c.unanswered.has(key) {
			c.metrics.conflicts.Inc()
		}
		return errOutdated
	default:
		return err
	}
}

// maxRefusalDelay is the longest delay before a refused commit is tried again. It is short because traffic may depend on the commit.
const maxRefusalDelay = 10 * time.Second

// reportRefusal sends an Event about a write that the API server refuses, and returns when to try again. The API server refuses the write
// of every replica, so only the one that holds the Lease sends the Event.
func (c *Controller) reportRefusal(key types.NamespacedName, in planner.Input, err error) reconcile.Result {
	tried := c.refusalBackoff.Record(key, notify.RefusalCause(err), time.Now())
	if c.holdsLease() {
		notify.Emit(c.recorder, c.refusalWarnings.Filter(key, []notify.Warning{notify.WriteRefusedWarning(in.Source, notify.ActionElect, err, tried)}))
	}
	return reconcile.Result{RequeueAfter: min(tried.Delay(), maxRefusalDelay)}
}
