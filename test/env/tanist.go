package env

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// TanistNamespace is where Tanist is installed.
const TanistNamespace = "tanist-system"

// ReadyReplicas returns Tanist's pods that are ready and not being deleted.
func ReadyReplicas(ctx context.Context, client kubernetes.Interface) ([]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(TanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=tanist"})
	if err != nil {
		return nil, err
	}
	var ready []corev1.Pod
	for _, pod := range list.Items {
		if IsReady(&pod) {
			ready = append(ready, pod)
		}
	}
	return ready, nil
}

// IsReady reports whether a pod is ready and not being deleted.
func IsReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// AwaitBothReplicas waits until two replicas are ready and one of them holds the Lease, and returns that one's name.
func AwaitBothReplicas(t *testing.T, client kubernetes.Interface) (elected string) {
	t.Helper()
	Eventually(t, "two replicas are ready and one holds the Lease", func(ctx context.Context) error {
		pods, err := ReadyReplicas(ctx, client)
		if err != nil {
			return err
		}
		holder, err := LeaseHolder(ctx, client)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if len(pods) == 2 && pod.Name == holder {
				elected = holder
				return nil
			}
		}
		return fmt.Errorf("%d replicas are ready, the Lease is %q's", len(pods), holder)
	})
	return elected
}

// LeaseHolder is the name of the replica that holds the Lease, empty if none does.
func LeaseHolder(ctx context.Context, client kubernetes.Interface) (string, error) {
	lease, err := client.CoordinationV1().Leases(TanistNamespace).Get(ctx, "tanist", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	holder, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return holder, nil
}
