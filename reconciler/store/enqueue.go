package store

import (
	"context"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

type Queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Enqueuer enqueues stewardship when who would follow has changed: no object changes with it, so no watch tells.
//
// It is not a channel: a full one, or one that nobody reads because another replica holds the Lease, would hold up a hand-over.
type Enqueuer struct {
	// queue is stewardship's, once that has started. What rings before is known to its first look at every Service.
	queue atomic.Pointer[Queue]
}

// Start is stewardship's source.
func (b *Enqueuer) Start(_ context.Context, q Queue) error {
	b.queue.Store(&q)
	return nil
}

// EnqueueAfter enqueues a Service after a delay. The queue keeps one entry for each, so however often its pods change, it costs at most one
// write in that time.
func (b *Enqueuer) EnqueueAfter(key types.NamespacedName, delay time.Duration) {
	if q := b.queue.Load(); q != nil {
		(*q).AddAfter(reconcile.Request{NamespacedName: key}, delay)
	}
}

// AllEnqueuer enqueues all Services for what concerns every one of them: a tuning that is in force from now on.
type AllEnqueuer struct {
	Stores *Stores
	// queue is the succession controller's; nil until that starts, which looks at every Service anyway.
	queue atomic.Pointer[Queue]
}

// Source learns the queue, and enqueues nobody.
func (a *AllEnqueuer) Source() source.Source {
	return source.Func(func(_ context.Context, q Queue) error {
		a.queue.Store(&q)
		return nil
	})
}

func (a *AllEnqueuer) EnqueueAll() {
	q := a.queue.Load()
	if q == nil {
		return
	}
	for _, object := range a.Stores.Services.List() {
		if service, ok := object.(*corev1.Service); ok && concernsUs(service) {
			(*q).Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(service)})
		}
	}
}
