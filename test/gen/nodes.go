package gen

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// NodeNamed returns a node.
func NodeNamed(name string, changes ...func(*corev1.Node)) *corev1.Node {
	return Changed(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), ResourceVersion: "50"}}, changes)
}

// Cordoned makes a node unschedulable.
func Cordoned(node *corev1.Node) { node.Spec.Unschedulable = true }

// Tainted adds a taint to a node.
func Tainted(key string) func(*corev1.Node) {
	return func(node *corev1.Node) { node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: key}) }
}

// ShutDown adds the condition that a kubelet sets when its node shuts down gracefully.
func ShutDown(node *corev1.Node) {
	node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionFalse, Reason: "KubeletNotReady", Message: "node is shutting down",
	})
}

// Unknown adds the condition of a node whose kubelet Kubernetes has not heard of for long.
func Unknown(node *corev1.Node) {
	node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionUnknown})
}

// VMEvent adds the condition that a cloud sets while an event is scheduled for a node's machine.
func VMEvent(message string) func(*corev1.Node) {
	return func(node *corev1.Node) {
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{
			Type: "VMEventScheduled", Status: corev1.ConditionTrue, Message: message,
		})
	}
}

// WithKubelet gives a node a zone, and a kubelet with this address and the usual port.
func WithKubelet(address, zone string) func(*corev1.Node) {
	return func(node *corev1.Node) {
		node.Labels = map[string]string{corev1.LabelTopologyZone: zone}
		node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}
		node.Status.DaemonEndpoints.KubeletEndpoint.Port = 10250
	}
}

// RealNode returns a ready node as a kubelet registers it.
func RealNode(name string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
	}
}

// KWOKNode returns a ready node that KWOK simulates.
func KWOKNode(name string) *corev1.Node {
	node := RealNode(name)
	node.Annotations = map[string]string{"kwok.x-k8s.io/node": "fake"}
	return node
}
