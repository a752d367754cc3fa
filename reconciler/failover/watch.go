package failover

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// podHandler enqueues the Services that select a pod, or selected it before.
func (c *Controller) podHandler() handler.TypedEventHandler[*corev1.Pod, reconcile.Request] {
	enqueueSelecting := func(q store.Queue, pod *corev1.Pod, version string, movesLeader bool) {
		for _, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			c.leaders.ObservePod(client.ObjectKeyFromObject(service), version)
			c.enqueueForPod(q, client.ObjectKeyFromObject(service), movesLeader)
		}
	}
	enqueueAsking := func(q store.Queue, pod *corev1.Pod) {
		for _, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			if service.Annotations[config.CandidateConditionKey] != "" {
				c.leaders.ObservePod(client.ObjectKeyFromObject(service), pod.ResourceVersion)
				c.enqueue(q, client.ObjectKeyFromObject(service))
			}
		}
	}
	return handler.TypedFuncs[*corev1.Pod, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], q store.Queue) {
			if !e.IsInInitialList { // the initial list of the Services enqueues them
				enqueueSelecting(q, e.Object, e.Object.ResourceVersion, c.mayMoveLeader(e.Object))
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], q store.Queue) {
			if !store.PodChanged(e.ObjectOld, e.ObjectNew) {
				if store.CustomConditionsChanged(e.ObjectOld, e.ObjectNew) {
					enqueueAsking(q, e.ObjectNew)
				}
				return
			}
			if e.ObjectNew.DeletionTimestamp != nil {
				c.leaders.DepartureSeen(e.ObjectNew.UID)
			}
			movesLeader := c.mayMoveLeader(e.ObjectOld, e.ObjectNew)
			enqueueSelecting(q, e.ObjectNew, e.ObjectNew.ResourceVersion, movesLeader)
			if !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				enqueueSelecting(q, e.ObjectOld, e.ObjectNew.ResourceVersion, movesLeader)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], q store.Queue) {
			c.leaders.DepartureSeen(e.Object.UID)
			version := e.Object.ResourceVersion
			if e.DeleteStateUnknown { // it is not that of the deletion, which came before the new list's
				version = c.stores.DeliveredPods(e.Object.Namespace)
			}
			enqueueSelecting(q, e.Object, version, c.mayMoveLeader(e.Object))
		},
	}
}

// replicaHandler enqueues all Services when replicas of an older version start or end, because the authority of this replica may have changed.
func (c *Controller) replicaHandler() handler.TypedEventHandler[*corev1.Pod, reconcile.Request] {
	changed := func(before, after *corev1.Pod) {
		if c.stores.CountsAsOlder(before) != c.stores.CountsAsOlder(after) {
			c.enqueueAll()
		}
	}
	return handler.TypedFuncs[*corev1.Pod, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], _ store.Queue) {
			if !e.IsInInitialList {
				changed(nil, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], _ store.Queue) {
			changed(e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], _ store.Queue) { changed(e.Object, nil) },
	}
}

// serviceHandler enqueues a source Service when it or its leader Service changes.
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

// enqueuePods enqueues the Services that select one of these pods, and that a change concerns; nil concerns all.
func (c *Controller) enqueuePods(q store.Queue, pods []*corev1.Pod, concerns func(*corev1.Service) bool) {
	asked := sets.New[*corev1.Service]() // many pods may be of the same Services
	for _, pod := range pods {
		for _, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			if asked.Has(service) {
				continue
			}
			asked.Insert(service)
			if concerns == nil || concerns(service) {
				c.enqueue(q, client.ObjectKeyFromObject(service))
			}
		}
	}
}

// sliceHandler feeds the leader cache. It enqueues the Service unless it knows the slice already, as after its own writes.
func (c *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	observe := func(q store.Queue, slice *discoveryv1.EndpointSlice) {
		if !claimsToBeOurs(slice) {
			return // the leader Service controller handles slices that are not ours
		}
		if key := c.stores.SourceOfSlice(slice); key.Name != "" && c.leaders.Observe(key, leaderslice.Parse(slice), time.Now()) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			observe(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			key := c.stores.SourceOfSlice(e.ObjectNew)
			if c.stores.SourceOfSlice(e.ObjectOld) != key {
				c.sliceGone(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			if key.Name != "" && claimsToBeOurs(e.ObjectNew) {
				c.quiet.HandedOver(key.Namespace, time.Now())
			}
			if leaderslice.OlderVersion(e.ObjectNew.ResourceVersion, e.ObjectOld.ResourceVersion) {
				// Versions only go back when etcd was restored. Then the leader cache may hold what the restore has undone.
				c.leaders.Invalidate(key, cache.SliceChanged, time.Now())
				c.enqueue(q, key)
			}
			observe(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if e.DeleteStateUnknown { // the version is not that of the deletion, so only a live read tells what is newer
				c.leaders.Invalidate(c.stores.SourceOfSlice(e.Object), cache.SliceChanged, time.Now())
			}
			c.sliceGone(q, e.Object, e.Object.ResourceVersion)
		},
	}
}

// claimsToBeOurs reports whether a slice bears any mark of Tanist. One mark is enough, because someone may have changed a label or the
// owner.
func claimsToBeOurs(slice *discoveryv1.EndpointSlice) bool {
	owner := metav1.GetControllerOfNoCopy(slice)
	return slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy || slice.Labels[config.SourceServiceKey] != "" ||
		owner != nil && leaderslice.IsService(owner)
}

// sliceGone records that a slice was deleted, or belongs to another Service now, as of a version.
func (c *Controller) sliceGone(q store.Queue, slice *discoveryv1.EndpointSlice, version string) {
	if key := c.stores.SourceOfSlice(slice); key.Name != "" && c.leaders.ObserveDeletion(key, slice.Name, slice.UID, version, time.Now()) {
		c.enqueue(q, key)
	}
}

// Sources returns what the controller watches.
func (c *Controller) Sources(watched *store.Watched) []source.Source {
	start := source.Func(func(_ context.Context, q store.Queue) error {
		c.queue.Store(&q)
		return nil
	})
	disruptions := disruption.Watcher{Stores: c.stores, Tuning: c.tuning, Enqueue: c.enqueuePods}
	return append(disruptions.Sources(watched),
		start,
		source.Func(c.watchOverdue),
		source.Kind(watched.Cluster, store.NamespaceMetadata(), store.NamespaceHandler(c.stores)),
		source.Kind(watched.Replicas, &corev1.Pod{}, c.replicaHandler()),
		informers.Source(watched.Namespaced, store.KindPods, c.podHandler()),
		informers.Source(watched.Namespaced, store.KindSlices, c.sliceHandler()),
		informers.Source(watched.Namespaced, store.KindServices, c.serviceHandler()),
	)
}
