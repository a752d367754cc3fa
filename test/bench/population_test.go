//go:build bench

package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
)

const (
	// namespaces is how many namespaces the Services are in.
	namespaces = 20
	// writers is how many objects are created at a time.
	writers = 16
	// serviceLabel is on a pod: the Service that selects it.
	serviceLabel = "app"
)

// population is what Tanist manages in a measurement.
type population struct {
	client   kubernetes.Interface
	nodes    []string
	services int
	// pods is how many each Service has.
	pods int
}

// create creates everything and waits until all pods are ready.
func (p population) create(t *testing.T) {
	t.Helper()
	before, err := p.client.CoreV1().Pods(allNamespaces).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := watchFrom(t.Context(), before.ResourceVersion, serviceLabel, p.client.CoreV1().Pods(allNamespaces).Watch)
	if err != nil {
		t.Fatal(err)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.Go(func() error { return count(ctx, "Pods that are ready", w, p.services*p.pods, podReady) })
	group.Go(func() error {
		return parallel(ctx, namespaces, p.createNamespace)
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// namespaceName is the name of one of the namespaces.
func namespaceName(number int) string { return fmt.Sprintf("bench-%02d", number) }

// createNamespace creates a namespace with its share of the Services.
func (p population) createNamespace(ctx context.Context, number int) error {
	name := namespaceName(number)
	_, err := p.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{config.EnabledKey: "true"},
	}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("failed to create namespace; is the cluster fresh? %w", err)
	}
	if err := awaitServiceAccount(ctx, p.client, name); err != nil {
		return err
	}
	for i := number; i < p.services; i += namespaces {
		if err := p.createService(ctx, name, i); err != nil {
			return err
		}
	}
	return nil
}

// awaitServiceAccount waits for the service account of a namespace, before which no pod is admitted there.
func awaitServiceAccount(ctx context.Context, client kubernetes.Interface, namespace string) error {
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, stallTimeout, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("failed to find service account of namespace %s: %w", namespace, err)
	}
	return nil
}

func (p population) createService(ctx context.Context, namespace string, number int) error {
	name := fmt.Sprintf("web-%04d", number)
	for i := range p.pods {
		pod := p.pod(name, i, p.nodes[(number+i)%len(p.nodes)])
		if _, err := p.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("failed to create pod: %w", err)
		}
	}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{serviceLabel: name},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
	if _, err := p.client.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create Service: %w", err)
	}
	return nil
}

// pod returns a pod of about the usual size, which is on its node without the scheduler. It has a readiness probe and a drain window, so that
// Tanist has nothing to advise: Events about each of thousands of Services would be measured as well.
func (p population) pod(service string, number int, node string) *corev1.Pod {
	container := func(name string, ports ...corev1.ContainerPort) corev1.Container {
		return corev1.Container{
			Name: name, Image: "registry.example.com/team/" + name + ":1.2.3", Ports: ports,
			Env: []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}, {Name: "NODE", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"},
			}}},
			VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}},
		}
	}
	serving := container("web", corev1.ContainerPort{Name: "http", ContainerPort: 8080}, corev1.ContainerPort{Name: "metrics", ContainerPort: 9090})
	serving.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http")},
	}}
	serving.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%d", service, number),
			Labels: map[string]string{
				serviceLabel: service, "app.kubernetes.io/part-of": "shop", "pod-template-hash": "6d4cf56db6",
			},
			Annotations: map[string]string{"prometheus.io/scrape": "true"},
		},
		Spec: corev1.PodSpec{
			NodeName:                     node,
			AutomountServiceAccountToken: new(false),
			Containers:                   []corev1.Container{serving, container("proxy")},
			Volumes:                      []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		},
	}
}

// parallel calls do for 0 to n-1, some at a time, and returns the first error.
func parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range n {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
