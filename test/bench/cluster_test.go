//go:build bench

package bench

import (
	"context"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// allNamespaces is the namespace of watches and lists.
const allNamespaces = metav1.NamespaceAll

// adminConfig is the configuration of an administrator's client, without a rate limit.
func adminConfig(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatalf("KUBECONFIG must name a cluster (make bench-idle, bench-admission and bench-attacks bring one): %v", err)
	}
	config.QPS = -1
	return config
}

// dial returns a client without a rate limit.
func dial(t *testing.T, changes ...func(*rest.Config)) kubernetes.Interface {
	t.Helper()
	config := adminConfig(t)
	for _, change := range changes {
		change(config)
	}
	return kubernetes.NewForConfigOrDie(config)
}

// connect returns a client and the names of the simulated nodes.
func connect(t *testing.T) (client kubernetes.Interface, nodes []string) {
	t.Helper()
	client = dial(t)
	list, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "type=kwok"})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range list.Items {
		nodes = append(nodes, node.Name)
	}
	if len(nodes) == 0 {
		t.Fatal("the cluster has no simulated nodes: pods would have to run")
	}
	return client, nodes
}

// watching returns the options of a watch that lasts as long as a test may.
func watching(from, labels string) metav1.ListOptions {
	return metav1.ListOptions{ResourceVersion: from, LabelSelector: labels, TimeoutSeconds: new(int64(3600))}
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// versions returns the versions of all Services and EndpointSlices: what an observer sees change.
func versions(ctx context.Context, client kubernetes.Interface) (map[string]string, error) {
	found := map[string]string{}
	services, err := client.CoreV1().Services(allNamespaces).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, service := range services.Items {
		found["Service "+service.Namespace+"/"+service.Name] = service.ResourceVersion
	}
	slices, err := client.DiscoveryV1().EndpointSlices(allNamespaces).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, slice := range slices.Items {
		found["EndpointSlice "+slice.Namespace+"/"+slice.Name] = slice.ResourceVersion
	}
	return found, nil
}
