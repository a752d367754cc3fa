package disruption

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// Watcher watches the objects that announce the departure of pods: nodes and the owners of pods.
type Watcher struct {
	Stores *store.Stores
	Tuning *config.Store
	// Enqueue enqueues the Services that select one of these pods, and that a change concerns. nil concerns all.
	Enqueue func(q store.Queue, pods []*corev1.Pod, concerns func(*corev1.Service) bool)
}

// Sources returns a source for each kind of object that can announce a departure.
func (w Watcher) Sources(watched *store.Watched) []source.Source {
	return []source.Source{
		source.Kind(watched.Cluster, &corev1.Node{}, w.nodeHandler()),
		informers.Source(watched.Namespaced, store.KindReplicaSets, w.replicaSetHandler()),
		informers.Source(watched.Namespaced, store.KindDeployments, w.deploymentHandler()),
		informers.Source(watched.Namespaced, store.KindStatefulSets, w.statefulSetHandler()),
		informers.Source(watched.Namespaced, store.KindDaemonSets, w.daemonSetHandler()),
	}
}

// enqueue enqueues the Services that select one of these pods.
func (w Watcher) enqueue(q store.Queue, pods []*corev1.Pod) { w.Enqueue(q, pods, nil) }

// replicaSetHandler enqueues the Services that select pods of a Deployment when one of its ReplicaSets is created or deleted, or gets
// another revision. Other changes, such as those of the counts in its status, enqueue no Service.
func (w Watcher) replicaSetHandler() handler.TypedEventHandler[*metav1.PartialObjectMetadata, reconcile.Request] {
	return whenChanged(replicaSetChanged, func(q store.Queue, set *metav1.PartialObjectMetadata) {
		w.enqueue(q, w.Stores.PodsOf(set.Namespace, set.UID))
		owner := metav1.GetControllerOfNoCopy(set)
		if owner == nil {
			return
		}
		for _, sibling := range w.Stores.ReplicaSetsOf(set.Namespace, owner.UID) {
			if sibling.UID != set.UID {
				w.enqueue(q, w.Stores.PodsOf(sibling.Namespace, sibling.UID))
			}
		}
	})
}

// deploymentHandler enqueues the Services that select pods of a Deployment when it is created, paused, resumed or deleted. Other changes,
// such as those of its status, enqueue no Service.
func (w Watcher) deploymentHandler() handler.TypedEventHandler[*appsv1.Deployment, reconcile.Request] {
	return whenChanged(deploymentChanged, func(q store.Queue, deployment *appsv1.Deployment) {
		for _, set := range w.Stores.ReplicaSetsOf(deployment.Namespace, deployment.UID) {
			w.enqueue(q, w.Stores.PodsOf(set.Namespace, set.UID))
		}
	})
}

// statefulSetHandler enqueues the Services that select pods of a StatefulSet when a change can affect which pods it deletes or replaces.
// Other changes, such as those of the counts in its status, enqueue no Service.
func (w Watcher) statefulSetHandler() handler.TypedEventHandler[*appsv1.StatefulSet, reconcile.Request] {
	return whenChanged(statefulSetChanged, func(q store.Queue, set *appsv1.StatefulSet) { w.enqueue(q, w.Stores.PodsOf(set.Namespace, set.UID)) })
}

// daemonSetHandler enqueues the Services that select pods of a DaemonSet when a change can affect which pods it replaces. Other changes,
// such as those of the counts in its status, enqueue no Service.
func (w Watcher) daemonSetHandler() handler.TypedEventHandler[*appsv1.DaemonSet, reconcile.Request] {
	return whenChanged(daemonSetChanged, func(q store.Queue, set *appsv1.DaemonSet) { w.enqueue(q, w.Stores.PodsOf(set.Namespace, set.UID)) })
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
