//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tanist-dev/tanist/config"
)

const (
	tanistNamespace = "tanist-system"
	// patience is for whatever a test waits for; generous, since a loaded machine is no failure.
	patience = 3 * time.Minute
)

func connect(t *testing.T) kubernetes.Interface {
	t.Helper()
	conf, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatalf("these tests need KUBECONFIG to name a cluster with Tanist in it (scripts/with-tanist.sh brings one): %v", err)
	}
	conf.QPS = -1
	return kubernetes.NewForConfigOrDie(conf)
}

// eventually waits until f is satisfied; f's last error is shown when it never is.
func eventually(t *testing.T, what string, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 20*time.Millisecond, patience, f)
}

// occasionally is eventually, for what is costly to ask for.
func occasionally(t *testing.T, what string, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 500*time.Millisecond, patience, f)
}

// await is eventually with a limit, without taking much of a machine on which requests are being counted.
func await(t *testing.T, what string, limit time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	poll(t, what, 200*time.Millisecond, limit, f)
}

func poll(t *testing.T, what string, every, limit time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), every, limit, true, func(ctx context.Context) (bool, error) {
		last = f(ctx)
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not within %v: %v", what, limit, last)
	}
}

// workload creates an opted-in namespace with a Deployment and an annotated Service, and waits until the Service has a leader and
// all pods are ready.
func workload(t *testing.T, client kubernetes.Interface, replicas int32) (namespace string) {
	t.Helper()
	namespace = newNamespace(t, client, map[string]string{config.EnabledKey: "true"})
	deploy(t, client, namespace, replicas)
	serve(t, client, namespace, map[string]string{config.EnabledKey: "true"})
	settled(t, client, namespace, replicas)
	return namespace
}

// serve creates the Service web, which selects the Deployment's pods.
func serve(t *testing.T, client kubernetes.Interface, namespace string, annotations map[string]string) {
	t.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: annotations},
		Spec:       corev1.ServiceSpec{Selector: appLabels, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}},
	}
	if _, err := client.CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// newNamespace creates one that goes with the test.
func newNamespace(t *testing.T, client kubernetes.Interface, labels map[string]string) (name string) {
	t.Helper()
	created, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-", Labels: labels,
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if err := client.CoreV1().Namespaces().Delete(ctx, created.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("failed to remove namespace: %v", err)
		}
	})
	return created.Name
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
					Containers: []corev1.Container{{
						Name: "web", Image: os.Getenv("BENCH_IMAGE"), Args: []string{"bench-server"},
						Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
						ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
							HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
						}},
					}},
				},
			},
		},
	}
	eventually(t, "the workload is created", func(ctx context.Context) error { // a new namespace lacks its service account
		_, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
		return err
	})
}

// settled waits until all pods are ready and one of them leads, and returns the slice.
func settled(t *testing.T, client kubernetes.Interface, namespace string, replicas int32) *discoveryv1.EndpointSlice {
	t.Helper()
	var slice *discoveryv1.EndpointSlice
	eventually(t, "all pods are ready and one leads", func(ctx context.Context) error {
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
			return fmt.Errorf("nobody leads: %v", slice.Endpoints)
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

// replicas are Tanist's pods that are ready.
func replicas(ctx context.Context, client kubernetes.Interface) ([]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(tanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=tanist"})
	if err != nil {
		return nil, err
	}
	var ready []corev1.Pod
	for _, pod := range list.Items {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
				ready = append(ready, pod)
			}
		}
	}
	return ready, nil
}

// bothReplicas waits until two replicas are ready and one of them holds the Lease, and returns that one's name.
func bothReplicas(t *testing.T, client kubernetes.Interface) (elected string) {
	t.Helper()
	eventually(t, "two replicas are ready and one holds the Lease", func(ctx context.Context) error {
		pods, err := replicas(ctx, client)
		if err != nil {
			return err
		}
		lease, err := client.CoordinationV1().Leases(tanistNamespace).Get(ctx, "tanist", metav1.GetOptions{})
		if err != nil {
			return err
		}
		holder := ""
		if lease.Spec.HolderIdentity != nil {
			holder, _, _ = strings.Cut(*lease.Spec.HolderIdentity, "_")
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

// processes are the processes of the containers in a pod: a container's host name is its pod's.
func processes(pod string) ([]int, error) {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, path := range environs {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte("HOSTNAME="+pod+"\x00")) {
			continue // gone, or somebody else's
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/environ", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("no process of pod %s on this machine", pod)
	}
	return pids, nil
}

// kill ends processes with SIGKILL.
func kill(pids []int) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// run runs a program and returns what it prints.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}
