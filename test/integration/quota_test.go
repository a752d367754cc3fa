//go:build integration

package integration_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/controllers"
)

// limitedClasses allows Kubernetes' own priority classes only where a quota is for them, as GKE does outside kube-system.
const limitedClasses = `
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources:
    - resource: pods
      matchScopes:
      - {scopeName: PriorityClass, operator: In, values: [system-node-critical, system-cluster-critical]}
`

// renderedAs decodes the only object of a kind in the chart.
func renderedAs[T any](t *testing.T, kind string) *T {
	t.Helper()
	objects, err := rendered()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() != kind {
			continue
		}
		typed := new(T)
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
			t.Fatal(err)
		}
		return typed
	}
	t.Fatalf("the chart has no %s", kind)
	return nil
}

// TestTheQuotaAllowsThePriorityClass creates the chart's pod, without and with the chart's quota, on an API server that limits the class. The
// test plays the quota controller.
func TestTheQuotaAllowsThePriorityClass(t *testing.T) {
	file := filepath.Join(t.TempDir(), "admission.yaml")
	if err := os.WriteFile(file, []byte(limitedClasses), 0o600); err != nil {
		t.Fatal(err)
	}
	env := controllers.ControlPlane()
	env.ControlPlane.GetAPIServer().Configure().Set("admission-control-config-file", file)
	config, err := env.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := api.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: release}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// createsPod waits until the answer contains a text; empty for success.
	createsPod := func(want string) {
		t.Helper()
		template := renderedAs[appsv1.Deployment](t, "Deployment").Spec.Template
		template.GenerateName = "tanist-"
		var last error
		if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
			_, last = api.CoreV1().Pods(release).Create(ctx, &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}, metav1.CreateOptions{})
			return last == nil && want == "" || last != nil && want != "" && strings.Contains(last.Error(), want), nil
		}); err != nil {
			t.Fatalf("got %v, want %q", last, want)
		}
	}
	createsPod("insufficient quota to match these scopes: [{PriorityClass In [system-node-critical system-cluster-critical]}]")

	quota, err := api.CoreV1().ResourceQuotas(release).Create(ctx, renderedAs[corev1.ResourceQuota](t, "ResourceQuota"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{corev1.ResourcePods: {}}}
	if _, err := api.CoreV1().ResourceQuotas(release).UpdateStatus(ctx, quota, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	createsPod("")
}
