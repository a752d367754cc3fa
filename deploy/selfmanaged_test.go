//go:build chart

package deploy_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestSelfManagedCertificates checks that nothing needs cert-manager, and that nothing rendered overwrites what Tanist writes.
func TestSelfManagedCertificates(t *testing.T) {
	all := render(t, "admission.certificates=self-managed", "serviceMonitor.enabled=true")
	for _, object := range all {
		if group := object.GetObjectKind().GroupVersionKind().Group; strings.HasPrefix(group, "cert-manager") {
			t.Errorf("%s %s needs cert-manager", object.GetObjectKind().GroupVersionKind().Kind, object.GetName())
		}
		for key := range object.GetAnnotations() {
			if strings.HasPrefix(key, "cert-manager") {
				t.Errorf("%s has the annotation %s", object.GetName(), key)
			}
		}
	}
	secret := get[*corev1.Secret](t, all)
	if len(secret.Data) > 0 || len(secret.StringData) > 0 || secret.Immutable != nil {
		t.Error("the chart has data for the Secret")
	}
	validating, mutating := get[*admissionv1.ValidatingWebhookConfiguration](t, all), get[*admissionv1.MutatingWebhookConfiguration](t, all)
	calls := []admissionv1.WebhookClientConfig{mutating.Webhooks[0].ClientConfig}
	for _, webhook := range validating.Webhooks {
		calls = append(calls, webhook.ClientConfig)
	}
	for _, call := range calls {
		if call.CABundle != nil {
			t.Error("the chart has a CA bundle")
		}
	}
}

// TestMetricsAreVerified checks that Prometheus finds the CA of what serves the metrics, in both modes.
func TestMetricsAreVerified(t *testing.T) {
	for mode, want := range map[string]string{"cert-manager": "tanist-serving", "self-managed": "tanist-self-managed"} {
		t.Run(mode, func(t *testing.T) {
			for _, object := range render(t, "serviceMonitor.enabled=true", "admission.certificates="+mode) {
				monitor, ok := object.(*unstructured.Unstructured)
				if !ok || monitor.GetKind() != "ServiceMonitor" {
					continue
				}
				endpoints, _, err := unstructured.NestedSlice(monitor.Object, "spec", "endpoints")
				if err != nil {
					t.Fatal(err)
				}
				// A metric's labels namespace and service must not be replaced by those of the target.
				if honors, _, err := unstructured.NestedBool(endpoints[0].(map[string]any), "honorLabels"); err != nil || !honors {
					t.Errorf("the labels of metrics are replaced (%v)", err)
				}
				got, _, err := unstructured.NestedString(endpoints[0].(map[string]any), "tlsConfig", "ca", "secret", "name")
				if err != nil || got != want {
					t.Errorf("the CA is in %q, %v, want %q", got, err, want)
				}
				return
			}
			t.Error("there is no ServiceMonitor")
		})
	}
}
