package store

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Queue is a controller's work queue.
type Queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Enqueuer enqueues a Service, or the tuning, with a controller of the Lease holder for a reason that no watch event reports: a successor has
// changed, which is only in memory, or this replica has just got the Lease.
//
// It is not a channel: a full channel, or one without a reader because another replica holds the Lease, would block a hand-over.
type Enqueuer struct {
	// queue is nil until the controller has started. When it starts, the controller reconciles every Service, so nothing enqueued earlier is
	// missed.
	queue atomic.Pointer[Queue]
}

// Start receives the queue when the controller starts. It is registered as one of its sources.
func (e *Enqueuer) Start(_ context.Context, q Queue) error {
	e.queue.Store(&q)
	return nil
}

// EnqueueAfter enqueues a Service after a delay. The queue has one entry for each Service, so further calls before the delay ends cause no
// further reconciliation.
func (e *Enqueuer) EnqueueAfter(key types.NamespacedName, delay time.Duration) {
	if q := e.queue.Load(); q != nil {
		(*q).AddAfter(reconcile.Request{NamespacedName: key}, delay)
	}
}

// AllServicesEnqueuer enqueues every Service that has a leader Service, or has or may have asked for one, after a change that matters to all:
// another tuning, or another authority of this replica.
type AllServicesEnqueuer struct {
	Stores *Stores
	mu     sync.Mutex
	// queues are those of the controllers that have started. When it starts, a controller reconciles every Service, so nothing enqueued
	// earlier is missed.
	queues []Queue
}

// Source returns a source of a controller. It receives the queue when the controller starts.
func (a *AllServicesEnqueuer) Source() source.Source {
	return source.Func(func(_ context.Context, q Queue) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.queues = append(a.queues, q)
		return nil
	})
}

// EnqueueAll enqueues the Services with all these controllers.
func (a *AllServicesEnqueuer) EnqueueAll() {
	a.mu.Lock()
	queues := slices.Clone(a.queues)
	a.mu.Unlock()
	if len(queues) == 0 {
		return
	}
	all := sets.New[types.NamespacedName]()
	for _, object := range a.Stores.Services.List() {
		if service, ok := object.(*corev1.Service); ok {
			all.Insert(AffectedServices(service)...)
		}
	}
	for _, q := range queues {
		for key := range all {
			addLater(q, key)
		}
	}
}

// addLater enqueues a Service after all that were enqueued one by one, so that a hand-over never waits until thousands of Services have been looked at.
func addLater(q Queue, key types.NamespacedName) {
	request := reconcile.Request{NamespacedName: key}
	if queue, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		queue.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, request)
		return
	}
	q.Add(request)
}
