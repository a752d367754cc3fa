package disruption

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// nodeHandler enqueues the Services that select a pod on a node, when the node begins or ceases to announce its removal, when Kubernetes
// loses sight of it or hears from it again, and when it begins or ceases to be one that the Service prefers. Other changes, such as
// heartbeats, enqueue no Service.
func (w Watcher) nodeHandler() handler.TypedEventHandler[*corev1.Node, reconcile.Request] {
	return handler.TypedFuncs[*corev1.Node, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Node], q store.Queue) {
			if !e.IsInInitialList {
				w.nodeChanged(q, e.Object.Name, nil, e.Object)
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Node], q store.Queue) {
			if !sameAnnouncements(e.ObjectOld, e.ObjectNew) || !maps.Equal(e.ObjectOld.Labels, e.ObjectNew.Labels) {
				w.nodeChanged(q, e.ObjectNew.Name, e.ObjectOld, e.ObjectNew)
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Node], q store.Queue) {
			w.nodeChanged(q, e.Object.Name, e.Object, nil)
		},
	}
}

// nodeChanged enqueues the Services that select a pod on a node, and to which the node says something else than before. A node that does
// not exist is nil. What a node says to a Service depends on the announcements and the nodes that the Service asks for. Most ask for none.
func (w Watcher) nodeChanged(q store.Queue, name string, before, after *corev1.Node) {
	tuning := w.Tuning.Load()
	says := func(node *corev1.Node, options config.Options) nodeSays {
		if node == nil {
			return nodeSays{}
		}
		return nodeSays{
			goes:      announcesRemoval(node, options.ElectionOr(tuning)),
			unknown:   trim.NodeUnknown(node),
			preferred: options.NodeSelector().Matches(labels.Set(node.Labels)),
		}
	}
	changed := func(options config.Options) bool { return says(before, options) != says(after, options) }
	concernsMost := changed(config.Options{})
	w.Enqueue(q, w.Stores.PodsOn(name), func(service *corev1.Service) bool {
		if service.Annotations[config.PreferredNodesKey] == "" && !has(service.Annotations, config.HandoverOnKey) {
			return concernsMost
		}
		_, options, _ := w.Stores.LeaderServiceOf(service)
		return changed(options)
	})
}

// nodeSays is what a node says to a Service about its pods there.
type nodeSays struct{ goes, unknown, preferred bool }

// sameAnnouncements reports whether two versions of a node announce the same, whatever anybody asks for.
func sameAnnouncements(before, after *corev1.Node) bool {
	key := func(a, b corev1.Taint) bool { return a.Key == b.Key }
	return before.Spec.Unschedulable == after.Spec.Unschedulable &&
		(before.DeletionTimestamp == nil) == (after.DeletionTimestamp == nil) &&
		slices.EqualFunc(before.Spec.Taints, after.Spec.Taints, key) &&
		trim.ShuttingDown(before) == trim.ShuttingDown(after) &&
		trim.VMEvent(before) == trim.VMEvent(after) &&
		trim.NodeUnknown(before) == trim.NodeUnknown(after)
}

func has(annotations map[string]string, key string) bool {
	_, found := annotations[key]
	return found
}
