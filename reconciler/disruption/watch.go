package disruption

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Watcher watches the objects that announce the departure of pods: nodes and the owners of pods.
type Watcher struct {
	Stores *store.Stores
	Tuning *config.Store
	// Enqueue enqueues the Services that select one of these pods.
	Enqueue func(store.Queue, []*corev1.Pod)
}

// Sources returns a source for each kind of object that can announce a departure.
func (w Watcher) Sources(informers ctrlcache.Cache) []source.Source {
	return []source.Source{
		source.Kind(informers, &corev1.Node{}, w.nodeHandler()),
		source.Kind(informers, store.ReplicaSetMetadata(), w.replicaSetHandler()),
		source.Kind(informers, &appsv1.Deployment{}, w.deploymentHandler()),
		source.Kind(informers, &appsv1.StatefulSet{}, w.statefulSetHandler()),
		source.Kind(informers, &appsv1.DaemonSet{}, w.daemonSetHandler()),
	}
}

// whenChanged returns a handler that enqueues for an object that is created, deleted, or changed in what matters. The initial list of an
// informer enqueues no Service, because it is complete before the first Service is reconciled.
func whenChanged[T any](changed func(before, after T) bool, enqueue func(store.Queue, T)) handler.TypedEventHandler[T, reconcile.Request] {
	return handler.TypedFuncs[T, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[T], q store.Queue) {
			if !e.IsInInitialList {
				enqueue(q, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[T], q store.Queue) {
			if changed(e.ObjectOld, e.ObjectNew) {
				enqueue(q, e.ObjectNew)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[T], q store.Queue) {
			enqueue(q, e.Object)
		},
	}
}
