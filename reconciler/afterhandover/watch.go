package afterhandover

import (
	"context"

	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Sources returns what the controller watches.
func (c *Controller) Sources(watched *store.Watched) []source.Source {
	return []source.Source{
		source.Func(c.enqueuer.Start),
		informers.Source(watched.Namespaced, store.KindSlices, c.sliceHandler()),
	}
}

// sliceHandler enqueues the source Service of a slice that records an old leader, for when that one is due. Slices that record none, which are
// all of the Services that do not ask for it, cost nothing.
func (c *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			c.enqueueWhenDue(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if records(e.ObjectOld) && !records(e.ObjectNew) {
				c.enqueue(q, e.ObjectNew) // to forget it
				return
			}
			c.enqueueWhenDue(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if records(e.Object) {
				c.enqueue(q, e.Object)
			}
		},
	}
}

// records reports whether a slice may record an old leader.
func records(slice *discoveryv1.EndpointSlice) bool {
	_, found := slice.Annotations[config.OldLeaderKey]
	return found
}

// enqueueWhenDue enqueues the Service of a slice, unless it is too late: a replica that begins to hold the Lease sees all slices.
func (c *Controller) enqueueWhenDue(q store.Queue, slice *discoveryv1.EndpointSlice) {
	if !records(slice) {
		return
	}
	parsed := leaderslice.Parse(slice)
	due := parsed.State.Since.Add(delay).Sub(c.clock.Now())
	if parsed.OldLeader == (leaderslice.OldLeader{}) || due < -tryFor || due > tryFor {
		return
	}
	if key := c.stores.SourceOfSlice(slice); key.Name != "" {
		q.AddAfter(reconcile.Request{NamespacedName: key}, due)
	}
}

func (c *Controller) enqueue(q store.Queue, slice *discoveryv1.EndpointSlice) {
	if key := c.stores.SourceOfSlice(slice); key.Name != "" {
		q.Add(reconcile.Request{NamespacedName: key})
	}
}
