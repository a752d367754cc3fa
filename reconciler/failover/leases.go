package failover

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// overdue finds Leases that are no longer renewed. It looks at each once in the time that it takes for one to end, and enqueues a Service only
// if the Lease has: renewals come every few seconds, and cost no reconciliation.
type overdue struct {
	// queue has the Leases to look at. It is nil until the controller has started, and a Lease is not followed before.
	queue atomic.Pointer[workqueue.TypedDelayingInterface[types.NamespacedName]]
}

// look has a Lease looked at now.
func (o *overdue) look(name types.NamespacedName) {
	if queue := o.queue.Load(); queue != nil {
		(*queue).Add(name)
	}
}

// loadLease loads the Lease that the Service follows. It asks first how much the informer has seen.
func (c *Controller) loadLease(into *planner.Input) {
	into.Lease, into.Seen.Lease = lease.View{}, ""
	if name := into.Options.FollowLease; name != "" {
		into.Lease, into.Seen.Lease = c.stores.Leases.View(types.NamespacedName{Namespace: into.Source.Namespace, Name: name})
	}
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

// leaseChanged enqueues the Services that follow a Lease, if its change is more than a renewal, or is the first renewal after a while or by a
// new pod.
func (c *Controller) leaseChanged(name types.NamespacedName, before, after *coordinationv1.Lease) {
	now := c.clock.Now()
	due, ends := lease.OverdueFrom(before)
	revived := ends && !now.Before(due)
	if before != nil && after != nil && lease.SameHolder(before, after) && !revived && !c.confirmsPod(name.Namespace, before, after) {
		return
	}
	c.overdue.look(name)
	c.enqueueFollowers(name)
}

// confirmsPod reports whether a renewal says that its holder is a pod which was created after the renewal before.
func (c *Controller) confirmsPod(namespace string, before, after *coordinationv1.Lease) bool {
	return lease.Confirms(before, after, c.stores.Pod(types.NamespacedName{Namespace: namespace, Name: lease.PodName(after)}))
}

func (c *Controller) enqueueFollowers(name types.NamespacedName) {
	q := c.queue.Load()
	if q == nil {
		return // when the controller starts, it reconciles every Service
	}
	for _, service := range c.stores.Leases.Followers(name) {
		c.enqueue(*q, service)
	}
}

// watchOverdue is a source of the controller: the Leases that are no longer renewed.
func (c *Controller) watchOverdue(ctx context.Context, _ store.Queue) error {
	queue := workqueue.NewTypedDelayingQueue[types.NamespacedName]()
	c.overdue.queue.Store(&queue)
	go func() {
		<-ctx.Done()
		queue.ShutDown()
	}()
	go func() {
		for {
			name, ended := queue.Get()
			if ended {
				return
			}
			if after := c.untilOverdue(name); after > 0 {
				queue.AddAfter(name, after)
			}
			queue.Done(name)
		}
	}()
	return nil
}

// untilOverdue enqueues the Services that follow a Lease if it is overdue, and returns after how long it will be if nobody renews it; zero if
// it is overdue, does not end, or nobody follows it.
func (c *Controller) untilOverdue(name types.NamespacedName) time.Duration {
	view, _ := c.stores.Leases.View(name)
	due, ends := lease.OverdueFrom(view.Lease)
	if !ends {
		return 0
	}
	if after := due.Sub(c.clock.Now()); after > 0 {
		return after
	}
	for _, service := range c.stores.Leases.Followers(name) {
		c.enqueueAfter(service, 0) // no trigger: nothing has happened
	}
	return 0
}
