package failover

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"

	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// leaseChanged enqueues the Services that follow a Lease, if its change is more than a renewal, or is the first renewal after a while or by a
// new pod.
func (c *Controller) leaseChanged(name types.NamespacedName, before, after *coordinationv1.Lease) {
	now := c.clock.Now()
	due, ends := lease.OverdueFrom(before)
	revived := ends && !now.Before(due)
	if before != nil && after != nil && lease.SameHolder(before, after) && !revived && !c.confirmsPod(name.Namespace, before, after) {
		return
	}
	c.lookWhetherOverdue(name)
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

// lookWhetherOverdue has a Lease looked at now.
func (c *Controller) lookWhetherOverdue(name types.NamespacedName) {
	if queue := c.leasesToLookAt.Load(); queue != nil {
		(*queue).Add(name)
	}
}

// watchOverdue is a source of the controller: the Leases that are no longer renewed. It looks at each once in the time that it takes for one to
// end, and enqueues a Service only if the Lease has: renewals come every few seconds, and cost no reconciliation.
func (c *Controller) watchOverdue(ctx context.Context, _ store.Queue) error {
	queue := workqueue.NewTypedDelayingQueue[types.NamespacedName]()
	c.leasesToLookAt.Store(&queue)
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
			if after := c.checkOverdue(name); after > 0 {
				queue.AddAfter(name, after)
			}
			queue.Done(name)
		}
	}()
	return nil
}

// checkOverdue enqueues the Services that follow a Lease if it is overdue, and returns after how long it will be if nobody renews it; zero if
// it is overdue, does not end, or nobody follows it.
func (c *Controller) checkOverdue(name types.NamespacedName) time.Duration {
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
