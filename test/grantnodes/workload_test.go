//go:build e2e

package grantnodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// pods is how many can lead: more than there are nodes, so that two of them share one.
const pods = 3

// workload is a Service whose pods run the application.
type workload struct {
	client    kubernetes.Interface
	namespace string
	nodes     []string
	// folder has the records. All nodes are on this machine.
	folder Folder
}

// controller creates what makes the pods.
type controller func(ctx context.Context, client kubernetes.Interface, namespace string, labels map[string]string, template corev1.PodTemplateSpec) error

// deployment replaces a pod as soon as its deletion begins.
func deployment(ctx context.Context, client kubernetes.Interface, namespace string, labels map[string]string, template corev1.PodTemplateSpec) error {
	_, err := client.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(pods)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}, metav1.CreateOptions{})
	return err
}

// statefulSet replaces a pod when it is gone.
func statefulSet(ctx context.Context, client kubernetes.Interface, namespace string, labels map[string]string, template corev1.PodTemplateSpec) error {
	_, err := client.AppsV1().StatefulSets(namespace).Create(ctx, &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(pods)), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template, ServiceName: "web",
			PodManagementPolicy: appsv1.ParallelPodManagement,
		},
	}, metav1.CreateOptions{})
	return err
}

// newWorkload returns a workload that has a leader. Its pods ask at a URL: the cluster has no DNS.
func newWorkload(t *testing.T, client kubernetes.Interface, url string, create controller) *workload {
	t.Helper()
	t.Setenv("CGO_ENABLED", "0")
	folder := t.TempDir()
	binary, image := filepath.Join(t.TempDir(), "app"), "ghcr.io/tanist-dev/grants-app:1"
	env.Run(t, "go", "build", "-o", binary, "./app")
	env.Run(t, "tanist-cluster", "--name", filepath.Base(env.ClusterFolder()), "image", image, binary)
	w := &workload{client: client, folder: Folder{Path: folder}, namespace: env.NewNamespace(t, client, map[string]string{config.EnabledKey: "true"})}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes.Items {
		w.nodes = append(w.nodes, node.Name)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	container := env.Server()
	container.Image, container.Args = image, []string{"/records"}
	container.Env = []corev1.EnvVar{{Name: "TANIST_GRANTS_URL", Value: url}}
	container.ReadinessProbe.HTTPGet.Path = "/"
	// Without a request, any process that starts beside it gets fifty times its share of a busy node.
	container.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}
	container.VolumeMounts = []corev1.VolumeMount{{Name: "records", MountPath: "/records"}}
	grace, labels := int64(5), map[string]string{"app": "web"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
		TerminationGracePeriodSeconds: &grace, Containers: []corev1.Container{container},
		Volumes: []corev1.Volume{{Name: "records", VolumeSource: corev1.VolumeSource{
			HostPath: &corev1.HostPathVolumeSource{Path: folder},
		}}},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
		}},
	}}
	env.Eventually(t, "the workload is created", func(ctx context.Context) error { // a new namespace lacks its service account
		return create(ctx, client, w.namespace, labels, template)
	})
	if _, err := client.CoreV1().Services(w.namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: env.ServerPorts()},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	env.Await(t, "the Service has a leader", func(ctx context.Context) error {
		_, err := w.leader(ctx)
		return err
	})
	return w
}

var errNoLeader = errors.New("no pod leads")

// leader returns the pod that leads.
func (w *workload) leader(ctx context.Context) (*corev1.Pod, error) {
	list, err := w.client.DiscoveryV1().EndpointSlices(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web-leader"})
	if err != nil {
		return nil, err
	}
	if len(list.Items) != 1 || len(list.Items[0].Endpoints) != 1 || list.Items[0].Endpoints[0].TargetRef == nil {
		return nil, errNoLeader
	}
	name := list.Items[0].Endpoints[0].TargetRef.Name
	pod, err := w.client.CoreV1().Pods(w.namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("%w: failed to get pod %s: %w", errNoLeader, name, err)
	}
	return pod, nil
}
