package trim

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trimNode keeps what announces that a node is removed, shuts down or stops for a while, whether Kubernetes has lost it, where its
// kubelet is, and the labels by which a Service may prefer it. It drops what a kubelet reports regularly.
func trimNode(node *corev1.Node) *corev1.Node {
	trimmed := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: node.Name, UID: node.UID, ResourceVersion: node.ResourceVersion, DeletionTimestamp: node.DeletionTimestamp,
	}}
	trimmed.Labels = nodeLabels(node)
	trimmed.Spec.Unschedulable = node.Spec.Unschedulable
	for i := range node.Spec.Taints {
		trimmed.Spec.Taints = append(trimmed.Spec.Taints, corev1.Taint{Key: node.Spec.Taints[i].Key})
	}
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			trimmed.Status.Addresses = append(trimmed.Status.Addresses, address)
		}
	}
	trimmed.Status.DaemonEndpoints = node.Status.DaemonEndpoints
	trimmed.Status.Conditions = trimNodeConditions(node)
	return trimmed
}

func trimNodeConditions(node *corev1.Node) []corev1.NodeCondition {
	var kept []corev1.NodeCondition
	switch {
	case ShuttingDown(node):
		kept = append(kept, corev1.NodeCondition{
			Type: corev1.NodeReady, Status: corev1.ConditionFalse, Reason: kubeletNotReady, Message: nodeShuttingDown,
		})
	case NodeUnknown(node):
		kept = append(kept, corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionUnknown})
	}
	if event := VMEvent(node); event != "" {
		kept = append(kept, corev1.NodeCondition{Type: vmEventScheduled, Status: corev1.ConditionTrue, Message: event})
	}
	return kept
}

// ShuttingDown reports whether the kubelet says that its node is shutting down.
func ShuttingDown(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionFalse &&
			condition.Reason == kubeletNotReady && strings.Contains(condition.Message, nodeShuttingDown)
	})
}

// NodeUnknown reports whether Kubernetes has not heard of a node's kubelet for so long that it does not know whether the node is ready.
func NodeUnknown(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionUnknown
	})
}

// VMEvent returns what the cloud announces that it will do to the machine of a node: Freeze, Redeploy, Reboot, Preempt or Terminate. It
// returns an empty string if it announces nothing.
func VMEvent(node *corev1.Node) string {
	for i := range node.Status.Conditions {
		condition := &node.Status.Conditions[i]
		if condition.Type != vmEventScheduled || condition.Status != corev1.ConditionTrue {
			continue
		}
		for _, event := range vmEvents {
			if strings.Contains(condition.Message, event) {
				return event
			}
		}
	}
	return ""
}

// vmEventScheduled is the condition of a node while an event is scheduled for its machine on AKS
// (https://learn.microsoft.com/azure/aks/node-problem-detector). vmEvents are the types of such events, of which the condition's message has
// one (https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events).
const vmEventScheduled corev1.NodeConditionType = "VMEventScheduled"

var vmEvents = []string{"Freeze", "Redeploy", "Reboot", "Preempt", "Terminate"}

// The reason, and a part of the message, of the condition Ready of a node that shuts down gracefully
// (k8s.io/kubernetes/pkg/kubelet/nodestatus and nodeshutdown). No field says so.
const (
	kubeletNotReady  = "KubeletNotReady"
	nodeShuttingDown = "node is shutting down"
)
