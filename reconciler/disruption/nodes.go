package disruption

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// NodeSign is how a node says that its pods are about to be deleted or paused.
type NodeSign struct {
	// Cordoned, ShuttingDown and Deleted say that it is.
	Cordoned, ShuttingDown, Deleted bool
	// VMEvent is what its cloud will do to its machine; empty for nothing.
	VMEvent string
	// Taint is the key of a taint that announces a removal; empty for none.
	Taint string
}

// NodeSignOf returns the first sign on a node upon which the tuning asks to act. It is zero if there is none.
func NodeSignOf(node *corev1.Node, tuning config.ElectionTuning) NodeSign {
	switch {
	case tuning.HandoverOnCordon && node.Spec.Unschedulable:
		return NodeSign{Cordoned: true}
	case tuning.HandoverOnNodeShutdown && trim.ShuttingDown(node):
		return NodeSign{ShuttingDown: true}
	case tuning.HandoverOnNodeShutdown && trim.VMEvent(node) != "":
		return NodeSign{VMEvent: trim.VMEvent(node)}
	case !tuning.HandoverOnRemovalTaint:
		return NodeSign{}
	case node.DeletionTimestamp != nil:
		return NodeSign{Deleted: true}
	}
	for i := range node.Spec.Taints {
		if key := node.Spec.Taints[i].Key; tuning.RemovalTaint(key) {
			return NodeSign{Taint: key}
		}
	}
	return NodeSign{}
}

// announcesRemoval reports whether a node says that its pods are about to be deleted or paused, and the tuning asks to act upon that.
func announcesRemoval(node *corev1.Node, tuning config.ElectionTuning) bool {
	return NodeSignOf(node, tuning) != NodeSign{}
}
