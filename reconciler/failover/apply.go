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

// errOutdated is a write that was refused because what it was decided upon has changed.
var errOutdated = errors.New("the EndpointSlice has changed")

// Operations on the API server, as the retry metrics name them.
const (
	opUpdateSlice = "update-slice"
	opCreateSlice = "create-slice"
	opRead        = "read-live"
)

// apply writes slices in their order, and reports whether the first was written: of two replicas that write the same, the one whose
// first write is refused writes no other. It is the only place of the succession that writes. An error that is errOutdated asks for
// another decision.
func (s *Controller) apply(ctx context.Context, key types.NamespacedName, tuning config.Tuning, writes []cache.Write) (committed bool, err error) {
	ctx = retry.WithFailFast(ctx)
	for i, write := range writes {
		if err := s.write(ctx, key, tuning, write); err != nil {
			return i > 0, s.classify(err)
		}
	}
	return len(writes) > 0, nil
}

// write creates or replaces one slice, and takes note of the answer. An attempt that has begun is not broken off when this replica
// stops: it may have been carried out, and nobody would know to tell of it.
func (s *Controller) write(ctx context.Context, key types.NamespacedName, tuning config.Tuning, write cache.Write) error {
	policy := store.FailoverPolicy(tuning)
	if write.Current == nil {
		slice := write.Desired
		err := retry.Do(ctx, policy, opCreateSlice, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retry.AttemptTimeout)
			defer cancel()
			return s.client.Create(ctx, slice, leaderslice.FieldOwner)
		})
		if err != nil {
			return fmt.Errorf("failed to create EndpointSlice %s: %w", slice.Name, err)
		}
		s.leaders.Committed(key, leaderslice.Parse(slice), time.Now())
		return nil
	}
	var slice *discoveryv1.EndpointSlice
	err := retry.Do(ctx, policy, opUpdateSlice, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retry.AttemptTimeout)
		defer cancel()
		slice = replacing(write.Current, write.Desired) // the answer is written into it
		return s.client.Update(ctx, slice, leaderslice.FieldOwner)
	})
	if err != nil {
		return fmt.Errorf("failed to update EndpointSlice %s: %w", write.Current.Name, err)
	}
	s.leaders.Committed(key, leaderslice.Parse(slice), time.Now())
	return nil
}

// classify tells the errors apart that mean something else than a failure.
func (s *Controller) classify(err error) error {
	switch {
	case err == nil, apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil // all there is goes with the namespace
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
		s.metrics.conflicts.Inc()
		return errOutdated
	default:
		return err
	}
}
