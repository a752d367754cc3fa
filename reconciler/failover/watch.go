package failover

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// enqueue enqueues a Service, and records that the event for it has arrived now.
func (c *Controller) enqueue(q store.Queue, key types.NamespacedName) {
	c.triggers.record(key, time.Now())
	q.Add(reconcile.Request{NamespacedName: key})
}

// podHandler enqueues the Services that select a pod, or selected it before.
func (c *Controller) podHandler() handler.TypedEventHandler[*corev1.Pod, reconcile.Request] {
	enqueueSelecting := func(q store.Queue, pod *corev1.Pod, version string) {
		for _, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			c.leaders.ObservePod(client.ObjectKeyFromObject(service), version)
			c.enqueue(q, client.ObjectKeyFromObject(service))
		}
	}
	enqueueAllIfReplica := func(before, after *corev1.Pod) {
		if c.countsAsOlder(before) != c.countsAsOlder(after) {
			c.enqueueAll() // the authority of this replica may have changed
		}
	}
	return handler.TypedFuncs[*corev1.Pod, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], q store.Queue) {
			if !e.IsInInitialList { // the initial list of the Services enqueues them
				enqueueSelecting(q, e.Object, e.Object.ResourceVersion)
				enqueueAllIfReplica(nil, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], q store.Queue) {
			if !store.PodChanged(e.ObjectOld, e.ObjectNew) {
				return
			}
			if e.ObjectNew.DeletionTimestamp != nil {
				c.leaders.DepartureSeen(e.ObjectNew.UID)
			}
			enqueueSelecting(q, e.ObjectNew, e.ObjectNew.ResourceVersion)
			if !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				enqueueSelecting(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			enqueueAllIfReplica(e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], q store.Queue) {
			c.leaders.DepartureSeen(e.Object.UID)
			enqueueSelecting(q, e.Object, e.Object.ResourceVersion)
			enqueueAllIfReplica(e.Object, nil)
		},
	}
}

// countsAsOlder reports whether a pod is one that Stores.OlderReplicas counts. The pod may be nil.
func (c *Controller) countsAsOlder(pod *corev1.Pod) bool {
	return pod != nil && pod.Namespace == c.stores.Installation && store.OlderReplica(pod)
}

// serviceHandler enqueues a Service when it or its leader Service changes.
func (c *Controller) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	return handler.TypedFuncs[*corev1.Service, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Service], q store.Queue) {
			for _, key := range store.AffectedServices(e.Object) {
				q.Add(reconcile.Request{NamespacedName: key})
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Service], q store.Queue) {
			if !store.ServiceChanged(e.ObjectOld, e.ObjectNew) {
				return
			}
			for _, key := range store.AffectedServices(e.ObjectOld, e.ObjectNew) {
				if !store.SameExceptBookkeeping(e.ObjectOld, e.ObjectNew) {
					c.leaders.Invalidate(key, cache.ServiceChanged, time.Now())
				}
				c.enqueue(q, key)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q store.Queue) {
			for _, key := range store.AffectedServices(e.Object) {
				c.enqueue(q, key)
			}
		},
	}
}

// enqueuePods enqueues the Services that select one of these pods.
func (c *Controller) enqueuePods(q store.Queue, pods []*corev1.Pod) {
	for _, pod := range pods {
		for _, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			c.enqueue(q, client.ObjectKeyFromObject(service))
		}
	}
}
