package failover

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/retry"
)

// getLive reads an object from the API server. It leaves the object empty when it does not exist.
func (c *Controller) getLive(ctx context.Context, tuning config.Tuning, namespace, name string, into client.Object) error {
	err := c.retryRead(ctx, tuning, func(ctx context.Context) error {
		return client.IgnoreNotFound(c.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s/%s: %w", into, namespace, name, err)
	}
	return trim.Object(into) // a read must not undo what the informers leave out
}

// listPodsLive lists the pods that a Service selects, from the API server.
func (c *Controller) listPodsLive(ctx context.Context, in planner.Input, into *corev1.PodList) error {
	err := c.retryRead(ctx, in.Tuning, func(ctx context.Context) error {
		return c.live.List(ctx, into, client.InNamespace(in.Source.Namespace), client.MatchingLabels(in.Source.Spec.Selector))
	})
	if err != nil {
		return fmt.Errorf("failed to list pods of Service %s/%s: %w", in.Source.Namespace, in.Source.Name, err)
	}
	return nil
}

// retryRead makes a live read with the retries of a hand-over.
func (c *Controller) retryRead(ctx context.Context, tuning config.Tuning, read func(context.Context) error) error {
	return retry.Do(ctx, store.FailoverPolicy(tuning), opRead, read)
}

// loadLeaseLive replaces the informer's Lease by that of the API server. It lists it, because only a list says up to which version nothing exists.
// A Lease that the informer has not read yet may be one that this replica has no right to read.
func (c *Controller) loadLeaseLive(ctx context.Context, into *planner.Input) error {
	name := into.Options.FollowLease
	if name == "" || into.Lease.Unread {
		return nil
	}
	list := &coordinationv1.LeaseList{}
	err := c.retryRead(retry.WithFailFast(ctx), into.Tuning, func(ctx context.Context) error {
		return c.live.List(ctx, list, client.InNamespace(into.Source.Namespace), client.MatchingFields{metav1.ObjectNameField: name})
	})
	if err != nil {
		return fmt.Errorf("failed to read Lease %s/%s: %w", into.Source.Namespace, name, err)
	}
	into.Lease, into.Seen.Lease = lease.View{}, list.ResourceVersion
	if len(list.Items) > 0 {
		into.Lease.Lease = &list.Items[0]
	}
	return nil
}
