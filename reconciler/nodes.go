package reconciler

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
)

// What a kubelet says of its node while that shuts down gracefully, as the reason and in the message of the condition Ready
// (k8s.io/kubernetes/pkg/kubelet/nodestatus and nodeshutdown). There is no field for it.
const (
	kubeletNotReady  = "KubeletNotReady"
	nodeShuttingDown = "node is shutting down"
)

// going reports whether a node is about to go, and takes its pods with it.
func going(node *corev1.Node, tuning config.ElectionTuning) bool {
	switch {
	case tuning.HandoverOnCordon && node.Spec.Unschedulable:
		return true
	case tuning.HandoverOnNodeShutdown && shuttingDown(node):
		return true
	case !tuning.HandoverOnRemovalTaint:
		return false
	default:
		return node.DeletionTimestamp != nil ||
			slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return tuning.RemovalTaint(taint.Key) })
	}
}

// shuttingDown reports whether the kubelet says that its node is.
func shuttingDown(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionFalse &&
			condition.Reason == kubeletNotReady && strings.Contains(condition.Message, nodeShuttingDown)
	})
}

// nodeHandler wakes the Services that have a pod on a node when that is about to go, or no longer. A node that only says that it is
// alive wakes nobody.
func (s *succession) nodeHandler() handler.TypedEventHandler[*corev1.Node, reconcile.Request] {
	goes := func(node *corev1.Node) bool { return going(node, s.tuning.Load().Election) }
	return handler.TypedFuncs[*corev1.Node, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Node], q queue) {
			if !e.IsInInitialList && goes(e.Object) {
				s.wakePods(q, s.views.podsOn(e.Object.Name))
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Node], q queue) {
			if goes(e.ObjectOld) != goes(e.ObjectNew) {
				s.wakePods(q, s.views.podsOn(e.ObjectNew.Name))
			}
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Node], q queue) {
			if goes(e.Object) {
				s.wakePods(q, s.views.podsOn(e.Object.Name))
			}
		},
	}
}
