package disruption

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// announcesRemoval reports whether a node is about to go, with its pods.
func announcesRemoval(node *corev1.Node, tuning config.ElectionTuning) bool {
	switch {
	case tuning.HandoverOnCordon && node.Spec.Unschedulable:
		return true
	case tuning.HandoverOnNodeShutdown && store.ShuttingDown(node):
		return true
	case !tuning.HandoverOnRemovalTaint:
		return false
	default:
		return node.DeletionTimestamp != nil ||
			slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return tuning.RemovalTaint(taint.Key) })
	}
}

// nodeHandler enqueues the Services that select a pod on a node, when the node begins or ceases to announce its removal. Other changes,
// such as heartbeats, enqueue no Service.
func (w Watcher) nodeHandler() handler.TypedEventHandler[*corev1.Node, reconcile.Request] {
	goes := func(node *corev1.Node) bool { return announcesRemoval(node, w.Tuning.Load().Election) }
	return handler.TypedFuncs[*corev1.Node, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Node], q store.Queue) {
			if !e.IsInInitialList && goes(e.Object) {
				w.Enqueue(q, w.Stores.PodsOn(e.Object.Name))
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Node], q store.Queue) {
			if goes(e.ObjectOld) != goes(e.ObjectNew) {
				w.Enqueue(q, w.Stores.PodsOn(e.ObjectNew.Name))
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Node], q store.Queue) {
			if goes(e.Object) {
				w.Enqueue(q, w.Stores.PodsOn(e.Object.Name))
			}
		},
	}
}
