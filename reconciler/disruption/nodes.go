package disruption

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// announcesRemoval reports whether a node says that its pods are about to be deleted or paused, and the tuning asks to act upon that.
func announcesRemoval(node *corev1.Node, tuning config.ElectionTuning) bool {
	switch {
	case tuning.HandoverOnCordon && node.Spec.Unschedulable:
		return true
	case tuning.HandoverOnNodeShutdown && (trim.ShuttingDown(node) || trim.VMEvent(node) != ""):
		return true
	case !tuning.HandoverOnRemovalTaint:
		return false
	default:
		return node.DeletionTimestamp != nil ||
			slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return tuning.RemovalTaint(taint.Key) })
	}
}
