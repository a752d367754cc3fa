package reconciler

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
)

// serviceHandler wakes the Services that a change concerns: itself, its leader Service's, and those that want its name.
func (s *stewardship) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	wake := func(q queue, services ...*corev1.Service) {
		for _, key := range concerned(services...) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
		for _, other := range s.views.wanting(keyOf(services[0])) {
			q.Add(reconcile.Request{NamespacedName: keyOf(other)})
		}
	}
	return handler.TypedFuncs[*corev1.Service, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Service], q queue) {
			wake(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Service], q queue) {
			switch {
			case serviceChanged(e.ObjectOld, e.ObjectNew):
				wake(q, e.ObjectOld, e.ObjectNew)
			case !sameReport(e.ObjectOld.Annotations, e.ObjectNew.Annotations):
				// Mostly our own write, which must not lead to the next one at once.
				for _, key := range concerned(e.ObjectNew) {
					q.AddAfter(reconcile.Request{NamespacedName: key}, afterwards)
				}
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q queue) {
			wake(q, e.Object)
		},
	}
}

// sliceHandler wakes a Service a while after its slices change, and at once for a slice that is not ours: it takes traffic.
func (s *stewardship) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	wake := func(q queue, slice *discoveryv1.EndpointSlice) {
		switch key := s.views.sourceOfSlice(slice); {
		case key.Name == "":
		case slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy:
			q.AddAfter(reconcile.Request{NamespacedName: key}, afterwards)
		default:
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q queue) {
			wake(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q queue) {
			if e.ObjectNew.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy || sliceMetaChanged(e.ObjectOld, e.ObjectNew) {
				wake(q, e.ObjectNew)
			}
			if s.views.sourceOfSlice(e.ObjectOld) != s.views.sourceOfSlice(e.ObjectNew) {
				wake(q, e.ObjectOld)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q queue) {
			wake(q, e.Object)
		},
	}
}
