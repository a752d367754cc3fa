package reconciler

import (
	"context"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// wake reconciles a Service because of an event that has just arrived.
func (s *succession) wake(q queue, key types.NamespacedName) {
	s.causes.note(key, time.Now())
	q.Add(reconcile.Request{NamespacedName: key})
}

// podHandler wakes the Services that select a pod, or did.
func (s *succession) podHandler() handler.TypedEventHandler[*corev1.Pod, reconcile.Request] {
	wake := func(q queue, pod *corev1.Pod, version string) {
		for _, service := range s.views.selecting(pod.Namespace, pod.Labels) {
			s.leaders.ObservePod(keyOf(service), version)
			s.wake(q, keyOf(service))
		}
	}
	replica := func(before, after *corev1.Pod) {
		if s.countsAsOlder(before) != s.countsAsOlder(after) {
			s.alarm.ring() // what this replica may change may be another now
		}
	}
	return handler.TypedFuncs[*corev1.Pod, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], q queue) {
			if !e.IsInInitialList { // then the Services are in theirs
				wake(q, e.Object, e.Object.ResourceVersion)
				replica(nil, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], q queue) {
			if !podChanged(e.ObjectOld, e.ObjectNew) {
				return
			}
			if e.ObjectNew.DeletionTimestamp != nil {
				s.leaders.Departed(e.ObjectNew.UID)
			}
			wake(q, e.ObjectNew, e.ObjectNew.ResourceVersion)
			if !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				wake(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			replica(e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], q queue) {
			s.leaders.Departed(e.Object.UID)
			wake(q, e.Object, e.Object.ResourceVersion)
			replica(e.Object, nil)
		},
	}
}

// countsAsOlder reports whether a pod, nil for none, is one of those that views.olderReplicas counts.
func (s *succession) countsAsOlder(pod *corev1.Pod) bool {
	return pod != nil && pod.Namespace == s.views.installation && len(olderReplica(pod)) > 0
}

// serviceHandler wakes a Service for itself and for its leader Service.
func (s *succession) serviceHandler() handler.TypedEventHandler[*corev1.Service, reconcile.Request] {
	return handler.TypedFuncs[*corev1.Service, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Service], q queue) {
			for _, key := range concerned(e.Object) {
				q.Add(reconcile.Request{NamespacedName: key})
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Service], q queue) {
			if !serviceChanged(e.ObjectOld, e.ObjectNew) {
				return
			}
			for _, key := range concerned(e.ObjectOld, e.ObjectNew) {
				if !sameWithoutNotes(e.ObjectOld, e.ObjectNew) {
					s.leaders.Invalidate(key, cache.ServiceChanged, time.Now())
				}
				s.wake(q, key)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Service], q queue) {
			for _, key := range concerned(e.Object) {
				s.wake(q, key)
			}
		},
	}
}

// sliceHandler feeds the leader cache, and wakes the Service when the slice is news: what this replica wrote itself is not.
func (s *succession) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	observe := func(q queue, slice *discoveryv1.EndpointSlice) {
		if !claimsToBeOurs(slice) {
			return // the Lease holder's business, if anyone's
		}
		if key := s.views.sourceOfSlice(slice); key.Name != "" && s.leaders.Observe(key, parseSlice(slice), time.Now()) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q queue) {
			observe(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q queue) {
			key := s.views.sourceOfSlice(e.ObjectNew)
			if s.views.sourceOfSlice(e.ObjectOld) != key {
				s.gone(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			if key.Name != "" && claimsToBeOurs(e.ObjectNew) {
				s.calm.disturb(time.Now())
			}
			if before(e.ObjectNew.ResourceVersion, e.ObjectOld.ResourceVersion) {
				// Versions only go back when etcd was restored: what is known may be of a time that never was.
				s.leaders.Invalidate(key, cache.SliceChanged, time.Now())
				s.wake(q, key)
			}
			observe(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q queue) {
			if e.DeleteStateUnknown { // its version is not the deletion's, so only the API server can tell what is older
				s.leaders.Invalidate(s.views.sourceOfSlice(e.Object), cache.SliceChanged, time.Now())
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
		owner != nil && isService(owner)
}

// gone takes note of a slice that is deleted, or no longer of the Service that it was of, as of a version.
func (s *succession) gone(q queue, slice *discoveryv1.EndpointSlice, version string) {
	if key := s.views.sourceOfSlice(slice); key.Name != "" && s.leaders.Gone(key, slice.Name, slice.UID, version, time.Now()) {
		s.wake(q, key)
	}
}

// namespaceHandler wakes all the Services of a namespace that opts in or out.
func namespaceHandler(v *views) handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	wake := func(q queue, namespace string) {
		for _, service := range v.enabled(namespace) {
			q.Add(reconcile.Request{NamespacedName: keyOf(service)})
		}
	}
	return handler.TypedFuncs[*metav1.PartialObjectMetadata, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*metav1.PartialObjectMetadata], q queue) {
			if !e.IsInInitialList { // a Service's event may come before its namespace's
				wake(q, e.Object.Name)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*metav1.PartialObjectMetadata], q queue) {
			if namespaceChanged(e.ObjectOld, e.ObjectNew) {
				wake(q, e.ObjectNew.Name)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*metav1.PartialObjectMetadata], q queue) {
			wake(q, e.Object.Name)
		},
	}
}

// concerned are the Services that have to be reconciled when these change: those that opted in, and those that a leader Service
// was made for. Services that have nothing to do with Tanist concern nobody.
func concerned(services ...*corev1.Service) []types.NamespacedName {
	var keys []types.NamespacedName
	add := func(key types.NamespacedName) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, service := range services {
		if _, annotated := service.Annotations[config.EnabledKey]; annotated {
			add(keyOf(service))
		}
		if source := sourceOfLeaderService(service); source.Name != "" {
			add(source)
		}
	}
	return keys
}

func keyOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}
