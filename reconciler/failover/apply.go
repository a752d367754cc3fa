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

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// errOutdated is the error of a write that the API server refused because the slice has changed since it was read.
var errOutdated = errors.New("the EndpointSlice has changed")

// Operations on the API server, as the retry metrics name them.
const (
	opUpdateSlice = "update-slice"
	opCreateSlice = "create-slice"
	opRead        = "read-live"
)

// apply writes slices in order, and reports whether the first one was written. It stops at the first error, so of two replicas that write
// the same, only one makes the other writes. Nothing else in this package writes to the API. The error errOutdated asks for another
// decision.
func (c *Controller) apply(ctx context.Context, key types.NamespacedName, tuning config.Tuning, writes []cache.Write) (committed bool, err error) {
	ctx = retry.WithFailFast(ctx)
	for i, write := range writes {
		if err := c.write(ctx, key, tuning, write); err != nil {
			return i > 0, c.classify(err)
		}
	}
	return len(writes) > 0, nil
}

// write creates or updates one slice, and feeds the answer to the leader cache. It does not cancel an attempt when this replica stops: the
// API server may have carried it out, and then no replica would report the hand-over.
func (c *Controller) write(ctx context.Context, key types.NamespacedName, tuning config.Tuning, write cache.Write) error {
	verb, operation := "create", opCreateSlice
	if write.Current != nil {
		verb, operation = "update", opUpdateSlice
	}
	var slice *discoveryv1.EndpointSlice // the client stores the answer in it
	err := retry.Do(ctx, store.FailoverPolicy(tuning), operation, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retry.AttemptTimeout)
		defer cancel()
		if write.Current == nil {
			slice = write.Desired
			return c.client.Create(ctx, slice, leaderslice.FieldOwner)
		}
		slice = updatedSlice(write.Current, write.Desired)
		return c.client.Update(ctx, slice, leaderslice.FieldOwner)
	})
	if err != nil {
		return fmt.Errorf("failed to %s EndpointSlice %s: %w", verb, write.Desired.Name, err)
	}
	c.leaders.Committed(key, leaderslice.Parse(slice), time.Now())
	return nil
}

// classify returns nil or errOutdated for the errors that are no failures, and all others as they are.
func (c *Controller) classify(err error) error {
	switch {
	case err == nil, apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil // everything is deleted with the namespace
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		c.metrics.conflicts.Inc()
		return errOutdated
	default:
		return err
	}
}
