//go:build integration

package integration_test

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/test/install"
)

// switchable is an installation with cert-manager that gets the objects of self-managed certificates, and loses them after the test.
func switchable(t *testing.T) (*selfManaged, *replica) {
	t.Helper()
	i, r := admitting(t)
	i.configure(r.port, patiently(t), byName(t))
	i.awaitCalls(r)
	objects, err := install.Render("admission.certificates=self-managed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, object := range objects {
			policy := strings.HasPrefix(object.GetKind(), "ValidatingAdmissionPolicy") &&
				(strings.HasSuffix(object.GetName(), "-webhooks") || strings.HasSuffix(object.GetName(), "-secrets"))
			if !policy && object.GetName() != selfManagedSecret {
				continue
			}
			if err := client.IgnoreNotFound(theChart.api.Delete(ctx, object.DeepCopy())); err != nil {
				t.Error(err)
			}
		}
		for _, object := range theChart.objects {
			if install.IsWebhookConfiguration(object) {
				continue
			}
			if err := theChart.apply(ctx, object); err != nil {
				t.Error(err)
			}
		}
	})
	return &selfManaged{installed: i, objects: objects, api: theChart.api}, r
}

// TestTheModeIsSwitchedUnderDeletions switches to self-managed certificates and back. As in a rollout, a replica is called when it is ready.
func TestTheModeIsSwitchedUnderDeletions(t *testing.T) {
	s, r := switchable(t)
	_, ended := s.rotating()

	s.apply(func(object *unstructured.Unstructured) bool { return !install.IsWebhookConfiguration(object) })
	s.applyWebhooks(r) // without the annotation for the CA injector
	next, readiness := s.serve()
	readiness.readiness("", "ok")
	s.applyWebhooks(next)
	s.awaitCalls(next)
	r.stop()
	if served := parsed(t, s.data()["tls.crt"])[0]; !next.served().Equal(served) {
		t.Error("the replica serves another certificate than the Secret's")
	}

	for _, object := range theChart.objects { // the rights first, which the next replica does not need
		if strings.HasSuffix(object.GetAPIVersion(), "rbac.authorization.k8s.io/v1") {
			s.applyObject(object.DeepCopy())
		}
	}
	s.configure(next.port, patiently(t), byName(t))
	if err := clientset.CoreV1().Secrets(release).Delete(t.Context(), selfManagedSecret, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	last := s.installed.serve()
	for _, webhook := range append(append([]string{}, validatingWebhooks...), mutatingWebhooks...) {
		last.counts(1, "tanist_webhook_trusted", "webhook="+webhook)
	}
	s.configure(last.port, patiently(t), byName(t))
	s.awaitCalls(last)
	next.stop()
	ended()
}
