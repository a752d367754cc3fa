//go:build e2e

package loss

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/leaders"
)

// fewestPods is how many pods can lead at least. There is one on each node.
const fewestPods = 3

// testbed is a workload with its pods spread over the nodes, a recorder of the leaders, and a floor.
type testbed struct {
	client    kubernetes.Interface
	namespace string
	nodes     []corev1.Node
	recorder  *leaders.Recorder
	floor     *floor
}

// newTestbed creates a testbed, and returns when its pods are ready.
func newTestbed(t *testing.T, client kubernetes.Interface, w workload) *testbed {
	t.Helper()
	b := &testbed{client: client, namespace: env.NewNamespace(t, client, map[string]string{config.EnabledKey: "true"})}
	list, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.nodes = list.Items
	if b.recorder, err = leaders.Record(t.Context(), client, b.namespace); err != nil {
		t.Fatal(err)
	}
	b.floor = newFloor(t, client)
	containers := w.containers(t)
	env.Eventually(t, "the workload is created", func(ctx context.Context) error { // a new namespace lacks its service account
		_, err := client.AppsV1().Deployments(b.namespace).Create(ctx, deployment(containers, b.podCount()), metav1.CreateOptions{})
		return err
	})
	b.settle(t)
	return b
}

var appLabels = map[string]string{"app": "web"}

// deployment has a pod on every node, if there are enough. A replacement comes where one is missing.
func deployment(containers []corev1.Container, pods int) *appsv1.Deployment {
	grace, replicas := int64(1), int32(pods)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: appLabels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: appLabels},
				Spec: corev1.PodSpec{
					TerminationGracePeriodSeconds: &grace,
					TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
						MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
						LabelSelector: &metav1.LabelSelector{MatchLabels: appLabels},
					}},
					Containers: containers,
				},
			},
		},
	}
}

// settle waits until all nodes, all pods and all replicas of Tanist are ready.
func (b *testbed) settle(t *testing.T) {
	t.Helper()
	env.Await(t, "nodes and pods are ready", func(ctx context.Context) error {
		nodes, err := b.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, node := range nodes.Items {
			if len(node.Spec.Taints) > 0 || !isReady(&node) {
				return fmt.Errorf("%s is not ready: %v", node.Name, node.Spec.Taints)
			}
		}
		list, err := b.pods(ctx)
		if err != nil {
			return err
		}
		for _, pod := range list {
			if !env.IsReady(&pod) {
				return fmt.Errorf("%s is not ready or is being deleted", pod.Name)
			}
		}
		if len(list) != b.podCount() {
			return fmt.Errorf("%d pods, want %d", len(list), b.podCount())
		}
		return nil
	})
	replicas(t, b.client)
}

func (b *testbed) podCount() int { return max(fewestPods, len(b.nodes)) }

func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (b *testbed) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := b.client.CoreV1().Pods(b.namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: appLabels})})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// podOn is a pod of the workload on a node.
func (b *testbed) podOn(t *testing.T, node string) *corev1.Pod {
	t.Helper()
	list, err := b.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Spec.NodeName == node {
			return &list[i]
		}
	}
	t.Fatalf("no pod of the workload is on %s", node)
	return nil
}

// addressOf is the address of a node.
func (b *testbed) addressOf(node string) string {
	for _, n := range b.nodes {
		for _, address := range n.Status.Addresses {
			if n.Name == node && address.Type == corev1.NodeInternalIP {
				return address.Address
			}
		}
	}
	panic("no node " + node + " with an address")
}
