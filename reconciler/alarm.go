package reconciler

import (
	"context"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// alarm wakes all Services for what concerns every one of them: a tuning that is in force from now on.
type alarm struct {
	views *views
	// queue is the succession controller's; nil until that starts, which looks at every Service anyway.
	queue atomic.Pointer[queue]
}

// source learns the queue, and wakes nobody.
func (a *alarm) source() source.Source {
	return source.Func(func(_ context.Context, q queue) error {
		a.queue.Store(&q)
		return nil
	})
}

func (a *alarm) ring() {
	q := a.queue.Load()
	if q == nil {
		return
	}
	for _, object := range a.views.services.List() {
		if service, ok := object.(*corev1.Service); ok && concernsUs(service) {
			(*q).Add(reconcile.Request{NamespacedName: keyOf(service)})
		}
	}
}
