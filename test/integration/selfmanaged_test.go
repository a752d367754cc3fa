//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/install"
)

// selfManagedSecret is the Secret in which Tanist keeps its certificates.
const selfManagedSecret = "tanist-self-managed"

// selfManaged is the chart's installation in a cluster without cert-manager.
type selfManaged struct {
	*installed
	objects []*unstructured.Unstructured
	api     client.Client
}

// newSelfManaged installs everything but the webhook configurations and the Secret.
func newSelfManaged(t *testing.T) *selfManaged {
	t.Helper()
	ownCluster(t)
	objects, err := install.Render("admission.certificates=self-managed")
	if err != nil {
		t.Fatal(err)
	}
	api, err := client.New(cluster, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: release}}
	if _, err := clientset.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s := &selfManaged{installed: &installed{tanist: &tanist{t: t, namespace: release}}, objects: objects, api: api}
	s.apply(func(object *unstructured.Unstructured) bool {
		return !install.IsWebhookConfiguration(object) && object.GetName() != selfManagedSecret
	})
	s.probe = newNamespace(t)
	s.since = revisionOf(t, s.probe.withPod("probe", "probe"))
	s.probe.withService("probe")
	t.Cleanup(func() {
		if err := policyErrors(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// apply applies the chosen objects.
func (s *selfManaged) apply(choose func(*unstructured.Unstructured) bool) {
	s.t.Helper()
	for _, object := range s.objects {
		if choose(object) {
			s.applyObject(object.DeepCopy())
		}
	}
}

// applyObject applies an object as Helm does.
func (s *selfManaged) applyObject(object *unstructured.Unstructured) {
	s.t.Helper()
	if err := s.api.Apply(s.t.Context(), client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("helm"), client.ForceOwnership); err != nil {
		s.t.Fatalf("failed to apply %s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

func (s *selfManaged) applySecret() {
	s.t.Helper()
	s.apply(func(object *unstructured.Unstructured) bool { return object.GetName() == selfManagedSecret })
}

// byName has the webhooks call localhost by its name: Tanist makes no certificate for an address.
func byName(t *testing.T) func(*unstructured.Unstructured) {
	return func(configuration *unstructured.Unstructured) {
		eachWebhook(t, configuration, func(webhook map[string]any) {
			call := webhook["clientConfig"].(map[string]any)
			call["url"] = strings.Replace(call["url"].(string), "127.0.0.1", "localhost", 1)
		})
	}
}

// applyWebhooks has the webhooks call a replica.
func (s *selfManaged) applyWebhooks(r *replica) {
	s.t.Helper()
	for _, object := range s.objects {
		if !install.IsWebhookConfiguration(object) {
			continue
		}
		configuration := calledAt(s.t, object, r.port)
		patiently(s.t)(configuration)
		byName(s.t)(configuration)
		s.applyObject(configuration)
	}
}

// serve runs a replica, and returns its readiness.
func (s *selfManaged) serve() (*replica, *serving) {
	s.t.Helper()
	health := env.UnusedAddress()
	r := s.startWith(app.Options{
		WebhookPort: env.UnusedPort(), WebhookConfiguration: configurations, SelfManaged: true, HealthAddress: health,
	})
	return r, &serving{tanist: s.tanist, health: health}
}

// data returns what the Secret has.
func (s *selfManaged) data() map[string][]byte {
	s.t.Helper()
	secret, err := clientset.CoreV1().Secrets(release).Get(s.t.Context(), selfManagedSecret, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret.Data
}

// admittingSelfManaged makes an installation with one replica, which the API server calls.
func admittingSelfManaged(t *testing.T) (*selfManaged, *replica) {
	t.Helper()
	s := newSelfManaged(t)
	s.applySecret()
	r, readiness := s.serve()
	s.applyWebhooks(r)
	s.awaitCalls(r)
	readiness.readiness("", "ok")
	r.waitElected()
	return s, r
}

// TestTwoReplicasMakeOneCertificate starts two replicas that see the empty Secret at the same time.
func TestTwoReplicasMakeOneCertificate(t *testing.T) {
	s := newSelfManaged(t)
	r, first := s.serve()
	other, second := s.serve()
	s.applyWebhooks(r)
	for _, readiness := range []*serving{first, second} {
		readiness.readiness("trusted", "no certificate is served")
		readiness.readiness("", "[-]webhook failed")
	}
	r.counts(0, "tanist_certificate_ready")
	r.waitElected()
	awaitEvent(t, corev1.EventTypeWarning, release, selfManagedSecret, "CertificateNotIssued", "there is no Secret tanist-self-managed")

	s.applySecret()
	for _, readiness := range []*serving{first, second} {
		readiness.readiness("", "ok")
	}
	s.awaitCalls(r)
	made := parsed(t, s.data()[corev1.TLSCertKey])[0]
	for _, replica := range []*replica{r, other} {
		replica.counts(1, "tanist_certificate_ready")
		replica.counts(float64(made.NotAfter.Unix()), "tanist_certificate_expiry_timestamp_seconds")
		if !replica.served().Equal(made) {
			t.Error("a replica serves another certificate")
		}
	}
	for webhook, bundle := range bundles(t) {
		if !bytes.Equal(bundle, s.data()["ca.crt"]) {
			t.Errorf("the bundle of %s is not the CA", webhook)
		}
	}
}

// TestASelfManagedBundleIsPutBack removes bundles, and changes the paths, which are for others to change. Applying the chart again changes neither.
func TestASelfManagedBundleIsPutBack(t *testing.T) {
	s, r := admittingSelfManaged(t)
	ca := s.data()["ca.crt"]
	api := clientset.AdmissionregistrationV1()
	for _, patch := range []string{
		`[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]`,
		`[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":""}]`,
	} {
		if _, err := api.ValidatingWebhookConfigurations().Patch(t.Context(), configurations, types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := api.MutatingWebhookConfigurations().Patch(t.Context(), configurations, types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		trusts(t, ca, true)
	}
	user := kubectl{namespace: release}
	if out, stderr, err := user.run(t, newRotateSecret, "--tanist-namespace", release); err != nil {
		t.Fatalf("got %v, %s%s", err, out, stderr)
	}
	rotated, err := api.ValidatingWebhookConfigurations().Get(t.Context(), configurations, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if path := *rotated.Webhooks[0].ClientConfig.URL; strings.Contains(path, secret) {
		t.Errorf("the webhook is still called at %s", path)
	}
	s.awaitCalls(r)
	if now, err := api.ValidatingWebhookConfigurations().Get(t.Context(), configurations, metav1.GetOptions{}); err != nil || now.ResourceVersion != rotated.ResourceVersion {
		t.Errorf("the configuration was written after the secret had changed: %v", err)
	}
	trusts(t, ca, true)
	s.applySecret()
	s.applyWebhooks(r)
	trusts(t, ca, true)
	if !bytes.Equal(s.data()["ca.crt"], ca) {
		t.Error("applying the chart again made a new CA")
	}
	s.awaitCalls(r)
}

// remove takes a key out of the Secret, which has Tanist make it anew.
func (s *selfManaged) remove(key string) {
	s.t.Helper()
	patch := fmt.Sprintf(`{"data":{%q:null}}`, key)
	if _, err := clientset.CoreV1().Secrets(release).Patch(s.t.Context(), selfManagedSecret, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		s.t.Fatal(err)
	}
}
