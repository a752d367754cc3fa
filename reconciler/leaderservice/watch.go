package leaderservice

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// serviceHandler enqueues, for an event about a Service, the source Services that it affects and those that ask for its name.
func (c *Controller) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	enqueue := func(q store.Queue, services ...*corev1.Service) {
		for _, key := range store.AffectedServices(services...) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
		for _, other := range c.stores.ServicesWanting(client.ObjectKeyFromObject(services[0])) {
			q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(other)})
		}
	}
	return handler.TypedFuncs[*corev1.Service, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Service], q store.Queue) {
			enqueue(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Service], q store.Queue) {
			switch {
			case store.ServiceChanged(e.ObjectOld, e.ObjectNew):
				enqueue(q, e.ObjectOld, e.ObjectNew)
			case !leaderslice.SameReport(e.ObjectOld.Annotations, e.ObjectNew.Annotations), !sameCondition(e.ObjectOld, e.ObjectNew):
				// It is mostly our own write, which must not cause the next one at once.
				for _, key := range store.AffectedServices(e.ObjectNew) {
					q.AddAfter(reconcile.Request{NamespacedName: key}, notify.Deferral)
				}
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q store.Queue) {
			enqueue(q, e.Object)
		},
	}
}

// sliceHandler enqueues the source Service that a slice belongs to. The change of a slice of ours is mostly a hand-over. Then only the
// report changes, which can wait. A slice that is not ours takes traffic, so the Service is enqueued at once.
func (c *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	enqueue := func(q store.Queue, slice *discoveryv1.EndpointSlice) {
		switch key := c.stores.SourceOfSlice(slice); {
		case key.Name == "":
		case slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy:
			q.AddAfter(reconcile.Request{NamespacedName: key}, notify.Deferral)
		default:
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			enqueue(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if e.ObjectNew.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy || store.SliceMetaChanged(e.ObjectOld, e.ObjectNew) {
				enqueue(q, e.ObjectNew)
			}
			if c.stores.SourceOfSlice(e.ObjectOld) != c.stores.SourceOfSlice(e.ObjectNew) {
				enqueue(q, e.ObjectOld)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			enqueue(q, e.Object)
		},
	}
}

// Sources returns what the controller watches.
func (c *Controller) Sources(watched *store.Watched) []source.Source {
	return []source.Source{
		source.Func(c.successorChanges.Start),
		source.Kind(watched.Cluster, store.NamespaceMetadata(), store.NamespaceHandler(c.stores)),
		informers.Source(watched.Namespaced, store.KindSlices, c.sliceHandler()),
		informers.Source(watched.Namespaced, store.KindSelectedSlices, c.sliceHandler()),
		informers.Source(watched.Namespaced, store.KindServices, c.serviceHandler()),
	}
}
