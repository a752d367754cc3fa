package watch

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Start opens the watches, on pods and slices with these labels, until ctx ends. It returns after the first list of both.
func (v *View) Start(ctx context.Context, client kubernetes.Interface, namespace, podLabels, sliceLabels string) error {
	opts := metav1.ListOptions{LabelSelector: podLabels}
	if _, err := Follow(ctx, client.CoreV1().Pods(namespace), opts, podHandler{v}); err != nil {
		return fmt.Errorf("failed to watch pods: %w", err)
	}
	opts = metav1.ListOptions{LabelSelector: sliceLabels}
	if _, err := Follow(ctx, client.DiscoveryV1().EndpointSlices(namespace), opts, sliceHandler{v}); err != nil {
		return fmt.Errorf("failed to watch EndpointSlices: %w", err)
	}
	return nil
}
