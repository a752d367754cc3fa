//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
)

var addresses atomic.Int64

// testNamespace is a namespace that one test has for itself. Its methods are what the test does there, and what it waits for.
type testNamespace struct {
	t         *testing.T
	namespace string
}

// newNamespace creates a namespace that has opted in, unless the labels say otherwise.
func newNamespace(t *testing.T, labels ...string) *testNamespace {
	t.Helper()
	set := map[string]string{config.EnabledKey: "true", workloadsKey: "played"}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		set[key] = value
	}
	namespace, err := clientset.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: set},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("failed to create namespace: %v", err)
	}
	s := &testNamespace{t: t, namespace: namespace.Name}
	// The tests share a cluster. What one leaves behind must not concern Tanist in another.
	t.Cleanup(func() {
		s.optOut()
		s.deleteServices()
	})
	return s
}

// deleteServices deletes all Services of the namespace. It works after the test, too.
func (s *testNamespace) deleteServices() {
	for _, object := range history.objects("Service", s.namespace) {
		name := object.(*corev1.Service).Name
		err := clientset.CoreV1().Services(s.namespace).Delete(context.WithoutCancel(s.t.Context()), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			s.t.Errorf("failed to delete Service: %v", err)
		}
	}
}

// optOut opts the namespace out. It works after the test, too.
func (s *testNamespace) optOut() {
	s.deleteServices() // without them, opting out has nothing to clean up
	if _, err := clientset.CoreV1().Namespaces().Patch(context.WithoutCancel(s.t.Context()), s.namespace, types.MergePatchType,
		[]byte(`{"metadata":{"labels":{"tanist.dev/enabled":null}}}`), metav1.PatchOptions{}); err != nil && !apierrors.IsNotFound(err) {
		s.t.Errorf("failed to opt namespace out: %v", err)
	}
}

// serviceOf returns an opted-in Service that selects the pods with app=<name>.
func (s *testNamespace) serviceOf(name string, change ...func(*corev1.Service)) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{config.EnabledKey: "true"}},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("web")}},
		},
	}
	for _, change := range change {
		change(service)
	}
	return service
}

// withService creates such a Service.
func (s *testNamespace) withService(name string, change ...func(*corev1.Service)) *corev1.Service {
	s.t.Helper()
	created, err := clientset.CoreV1().Services(s.namespace).Create(s.t.Context(), s.serviceOf(name, change...), metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create Service: %v", err)
	}
	return created
}

// podOf returns a pod with app=<app> on a node of its own.
func (s *testNamespace) podOf(app, name string, change ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": app}},
		Spec: corev1.PodSpec{
			NodeName: "node-of-" + name,
			Containers: []corev1.Container{{
				Name: "main", Image: "none", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: 8080}},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("web")}}},
			}},
		},
	}
	for _, change := range change {
		change(pod)
	}
	return pod
}

// withPod creates a pod that is not ready.
func (s *testNamespace) withPod(app, name string, change ...func(*corev1.Pod)) *corev1.Pod {
	s.t.Helper()
	created, err := clientset.CoreV1().Pods(s.namespace).Create(s.t.Context(), s.podOf(app, name, change...), metav1.CreateOptions{})
	if err != nil {
		s.t.Fatalf("failed to create pod: %v", err)
	}
	return created
}

// withReadyPod creates a pod and makes it ready.
func (s *testNamespace) withReadyPod(app, name string, change ...func(*corev1.Pod)) *corev1.Pod {
	s.t.Helper()
	s.withPod(app, name, change...)
	return s.ready(name)
}

// ready does what a kubelet does: the pod runs, has addresses and is ready.
func (s *testNamespace) ready(name string) *corev1.Pod {
	s.t.Helper()
	n := addresses.Add(1)
	v4, v6 := fmt.Sprintf("10.1.%d.%d", n/250, n%250+1), fmt.Sprintf("fd00:1::%x", n)
	return s.status(name, fmt.Sprintf(`{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q},{"ip":%q}],`+
		`"conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}`, v4, v4, v6, now()))
}

// notReady makes a pod not ready, and changes nothing else.
func (s *testNamespace) notReady(name string) {
	s.t.Helper()
	s.condition(name, "Ready", "False")
}

// readyAgain makes a pod ready that was, and changes nothing else.
func (s *testNamespace) readyAgain(name string) {
	s.t.Helper()
	s.condition(name, "Ready", "True")
}

func (s *testNamespace) condition(name, kind, status string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"status":{"conditions":[{"type":%q,"status":%q,"lastTransitionTime":%q}]}}`, kind, status, now())
	patch(s.t, clientset.CoreV1().Pods(s.namespace), types.StrategicMergePatchType, name, body, "status")
}

func (s *testNamespace) status(name, status string) *corev1.Pod {
	s.t.Helper()
	return patch(s.t, clientset.CoreV1().Pods(s.namespace), types.MergePatchType, name, `{"status":`+status+`}`, "status")
}

// terminate starts a pod's deletion.
func (s *testNamespace) terminate(name string) {
	s.t.Helper()
	if err := clientset.CoreV1().Pods(s.namespace).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatalf("failed to delete pod: %v", err)
	}
}

// kill deletes a pod without a grace period.
func (s *testNamespace) kill(name string) {
	s.t.Helper()
	zero := int64(0)
	if err := clientset.CoreV1().Pods(s.namespace).Delete(
		s.t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &zero}); err != nil {
		s.t.Fatalf("failed to delete pod: %v", err)
	}
}

// patchService changes a Service with a merge patch.
func (s *testNamespace) patchService(name, body string) *corev1.Service {
	s.t.Helper()
	return patch(s.t, clientset.CoreV1().Services(s.namespace), types.MergePatchType, name, body)
}

// annotate sets an annotation of a Service; an empty value removes it.
func (s *testNamespace) annotate(service, key, value string) {
	s.t.Helper()
	set := map[string]any{key: nil}
	if value != "" {
		set[key] = value
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": set}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.patchService(service, string(body))
}

// patchSlice changes a slice with a merge patch.
func (s *testNamespace) patchSlice(name, body string) {
	s.t.Helper()
	patch(s.t, clientset.DiscoveryV1().EndpointSlices(s.namespace), types.MergePatchType, name, body)
}

func (s *testNamespace) deleteService(name string) {
	s.t.Helper()
	if err := clientset.CoreV1().Services(s.namespace).Delete(s.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		s.t.Fatalf("failed to delete Service: %v", err)
	}
}

func now() string {
	return time.Now().UTC().Format(time.RFC3339)
}
