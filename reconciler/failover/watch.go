package failover

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// enqueue reconciles a Service because of an event that has just arrived.
func (s *Controller) enqueue(q store.Queue, key types.NamespacedName) {
	s.triggers.note(key, time.Now())
	q.Add(reconcile.Request{NamespacedName: key})
}

// podHandler enqueues the Services that select a pod, or did.
func (s *Controller) podHandler() handler.TypedEventHandler[*corev1.Pod, reconcile.Request] {
	enqueue := func(q store.Queue, pod *corev1.Pod, version string) {
		for _, service := range s.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			s.leaders.ObservePod(client.ObjectKeyFromObject(service), version)
			s.enqueue(q, client.ObjectKeyFromObject(service))
		}
	}
	replica := func(before, after *corev1.Pod) {
		if s.countsAsOlder(before) != s.countsAsOlder(after) {
			s.enqueueAll() // what this replica may change may be another now
		}
	}
	return handler.TypedFuncs[*corev1.Pod, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], q store.Queue) {
			if !e.IsInInitialList { // then the Services are in theirs
				enqueue(q, e.Object, e.Object.ResourceVersion)
				replica(nil, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], q store.Queue) {
			if !store.PodChanged(e.ObjectOld, e.ObjectNew) {
				return
			}
			if e.ObjectNew.DeletionTimestamp != nil {
				s.leaders.DepartureSeen(e.ObjectNew.UID)
			}
			enqueue(q, e.ObjectNew, e.ObjectNew.ResourceVersion)
			if !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				enqueue(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			replica(e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], q store.Queue) {
			s.leaders.DepartureSeen(e.Object.UID)
			enqueue(q, e.Object, e.Object.ResourceVersion)
			replica(e.Object, nil)
		},
	}
}

// countsAsOlder reports whether a pod, nil for none, is one of those that views.olderReplicas counts.
func (s *Controller) countsAsOlder(pod *corev1.Pod) bool {
	return pod != nil && pod.Namespace == s.stores.Installation && store.OlderReplica(pod)
}

// serviceHandler enqueues a Service for itself and for its leader Service.
func (s *Controller) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
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
					s.leaders.Invalidate(key, cache.ServiceChanged, time.Now())
				}
				s.enqueue(q, key)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q store.Queue) {
			for _, key := range store.AffectedServices(e.Object) {
				s.enqueue(q, key)
			}
		},
	}
}

// sliceHandler feeds the leader cache, and enqueues the Service when the slice is news: what this replica wrote itself is not.
func (s *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	observe := func(q store.Queue, slice *discoveryv1.EndpointSlice) {
		if !claimsToBeOurs(slice) {
			return // the Lease holder's business, if anyone's
		}
		if key := s.stores.SourceOfSlice(slice); key.Name != "" && s.leaders.Observe(key, leaderslice.Parse(slice), time.Now()) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			observe(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			key := s.stores.SourceOfSlice(e.ObjectNew)
			if s.stores.SourceOfSlice(e.ObjectOld) != key {
				s.gone(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			if key.Name != "" && claimsToBeOurs(e.ObjectNew) {
				s.quiet.HandedOver(time.Now())
			}
			if before(e.ObjectNew.ResourceVersion, e.ObjectOld.ResourceVersion) {
				// Versions only go back when etcd was restored: what is known may be of a time that never was.
				s.leaders.Invalidate(key, cache.SliceChanged, time.Now())
				s.enqueue(q, key)
			}
			observe(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if e.DeleteStateUnknown { // its version is not the deletion's, so only the API server can tell what is older
				s.leaders.Invalidate(s.stores.SourceOfSlice(e.Object), cache.SliceChanged, time.Now())
			}
			s.gone(q, e.Object, e.Object.ResourceVersion)
		},
	}
}

// claimsToBeOurs reports whether a slice may be one that Tanist made, as far as it says itself: a label or the owner may have been
// changed.
func claimsToBeOurs(slice *discoveryv1.EndpointSlice) bool {
	owner := metav1.GetControllerOfNoCopy(slice)
	return slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy || slice.Labels[config.SourceServiceKey] != "" ||
		owner != nil && leaderslice.IsService(owner)
}

// gone takes note of a slice that is deleted, or no longer of the Service that it was of, as of a version.
func (s *Controller) gone(q store.Queue, slice *discoveryv1.EndpointSlice, version string) {
	if key := s.stores.SourceOfSlice(slice); key.Name != "" && s.leaders.ObserveDeletion(key, slice.Name, slice.UID, version, time.Now()) {
		s.enqueue(q, key)
	}
}

// enqueuePods enqueues the Services that select one of these pods.
func (s *Controller) enqueuePods(q store.Queue, pods []*corev1.Pod) {
	for _, pod := range pods {
		for _, service := range s.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
			s.enqueue(q, client.ObjectKeyFromObject(service))
		}
	}
}
