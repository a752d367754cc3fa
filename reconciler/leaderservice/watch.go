package leaderservice

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// serviceHandler enqueues the Services that a change concerns: itself, its leader Service's, and those that want its name.
func (s *Controller) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	enqueue := func(q store.Queue, services ...*corev1.Service) {
		for _, key := range store.Concerned(services...) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
		for _, other := range s.stores.Wanting(client.ObjectKeyFromObject(services[0])) {
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
			case !leaderslice.SameReport(e.ObjectOld.Annotations, e.ObjectNew.Annotations):
				// Mostly our own write, which must not lead to the next one at once.
				for _, key := range store.Concerned(e.ObjectNew) {
					q.AddAfter(reconcile.Request{NamespacedName: key}, notify.Deferral)
				}
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q store.Queue) {
			enqueue(q, e.Object)
		},
	}
}

// sliceHandler enqueues a Service a while after its slices change, and at once for a slice that is not ours: it takes traffic.
func (s *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	enqueue := func(q store.Queue, slice *discoveryv1.EndpointSlice) {
		switch key := s.stores.SourceOfSlice(slice); {
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
			if s.stores.SourceOfSlice(e.ObjectOld) != s.stores.SourceOfSlice(e.ObjectNew) {
				enqueue(q, e.ObjectOld)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			enqueue(q, e.Object)
		},
	}
}
