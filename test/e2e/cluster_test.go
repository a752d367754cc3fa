//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// workload creates an opted-in namespace with a Deployment and an annotated Service. It waits until the Service has a leader and all
// pods are ready.
func workload(t *testing.T, client kubernetes.Interface, replicas int32) (namespace string) {
	t.Helper()
	namespace = env.NewNamespace(t, client, map[string]string{config.EnabledKey: "true"})
	deploy(t, client, namespace, replicas)
	serve(t, client, namespace, map[string]string{config.EnabledKey: "true"})
	awaitSettled(t, client, namespace, replicas)
	return namespace
}

// serve creates the Service web, which selects the Deployment's pods.
func serve(t *testing.T, client kubernetes.Interface, namespace string, annotations map[string]string) {
	t.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: annotations},
		Spec:       corev1.ServiceSpec{Selector: appLabels, Ports: env.ServerPorts()},
	}
	if _, err := client.CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

var appLabels = map[string]string{"app": "web"}

// deploy creates the Deployment web.
func deploy(t *testing.T, client kubernetes.Interface, namespace string, replicas int32) {
	t.Helper()
	grace := int64(2)
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: appLabels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: appLabels},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: &grace,
					Containers:                    []corev1.Container{env.Server()},
				},
			},
		},
	}
	env.Eventually(t, "the workload is created", func(ctx context.Context) error { // a new namespace lacks its service account
		_, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
		return err
	})
}

// awaitSettled waits until all pods are ready and one of them leads, and returns the slice.
func awaitSettled(t *testing.T, client kubernetes.Interface, namespace string, replicas int32) *discoveryv1.EndpointSlice {
	t.Helper()
	var slice *discoveryv1.EndpointSlice
	env.Eventually(t, "all pods are ready and one leads", func(ctx context.Context) error {
		d, err := client.AppsV1().Deployments(namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if d.Status.ReadyReplicas != replicas || d.Status.TerminatingReplicas != nil && *d.Status.TerminatingReplicas > 0 {
			return fmt.Errorf("%d of %d pods are ready", d.Status.ReadyReplicas, replicas)
		}
		slice, err = leaderSlice(ctx, client, namespace)
		if err != nil {
			return err
		}
		if len(slice.Endpoints) != 1 || slice.Endpoints[0].Conditions.Ready == nil || !*slice.Endpoints[0].Conditions.Ready {
			return fmt.Errorf("no pod leads: %v", slice.Endpoints)
		}
		return nil
	})
	return slice
}

func leaderSlice(ctx context.Context, client kubernetes.Interface, namespace string) (*discoveryv1.EndpointSlice, error) {
	list, err := client.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web-leader"})
	if err != nil {
		return nil, err
	}
	if len(list.Items) != 1 {
		return nil, fmt.Errorf("%d slices, want 1", len(list.Items))
	}
	return &list.Items[0], nil
}

func leaderOf(slice *discoveryv1.EndpointSlice) string { return slice.Endpoints[0].TargetRef.Name }
