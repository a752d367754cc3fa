package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// CreateSimulatedNodes creates n Nodes that KWOK keeps. They exist in the API alone: pods on them get addresses, become Ready and take
// their grace period to go, but nothing runs.
func CreateSimulatedNodes(ctx context.Context, client kubernetes.Interface, n int) error {
	for i := 1; i <= n; i++ {
		if _, err := client.CoreV1().Nodes().Create(ctx, simulatedNode(i), metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("failed to create the simulated node %d: %w", i, err)
		}
	}
	return nil
}

func simulatedNode(i int) *corev1.Node {
	node := fmt.Sprintf("simulated-%d", i)
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("64"),
		corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods:   resource.MustParse("2000"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        node,
			Annotations: map[string]string{simulatedNodeAnnotation: simulatedNodeValue},
			Labels: map[string]string{
				corev1.LabelHostname: node, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64", "type": "kwok",
			},
		},
		Status: corev1.NodeStatus{Allocatable: room, Capacity: room, Phase: corev1.NodeRunning},
	}
}
