//go:build integration

package integration_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func TestTrustFollowsTheInjectedBundle(t *testing.T) {
	s := newTanist(t).serving()
	r := s.start()
	s.readiness("trusted", "there is no ValidatingWebhookConfiguration "+s.name)
	r.waitElected()
	other := s.startAnother() // the API server calls it, too, although it does not hold the Lease
	s.install()
	s.readiness("trusted", "no caBundle is injected")
	s.readiness("", "[-]trusted failed")
	all := append(append([]string{}, validatingWebhooks...), mutatingWebhooks...)
	trusts := func(want float64) {
		t.Helper()
		for _, webhook := range all {
			r.counts(want, "tanist_webhook_trusted", "webhook="+webhook)
			other.counts(want, "tanist_webhook_trusted", "webhook="+webhook)
		}
	}
	trusts(0)

	s.inject(s.ca)
	trusts(1)
	s.readiness("", "ok")

	s.inject(nil)
	trusts(0)
	awaitEvent(t, corev1.EventTypeWarning, "default", s.name, "WebhookNotTrusted", "no caBundle is injected")
	s.readiness("trusted", "ok") // a lost trust makes no replica unready
	if other.holdsLease() {
		t.Error("the other replica holds the Lease: nothing was tried of one that does not")
	}
}

func TestCertManagerComesLateAndGoes(t *testing.T) {
	ownCluster(t)
	s := newTanist(t).serving()
	s.install()
	s.inject(s.ca)
	r := s.start()
	s.readiness("", "ok")
	r.counts(0, "tanist_certificate_ready")
	r.waitElected()

	crds := certManagerCRDs(t)
	if _, err := envtest.InstallCRDs(cluster, crds); err != nil {
		t.Fatal(err)
	}
	removed := false
	remove := func() {
		if !removed {
			removed = true
			s.must(envtest.UninstallCRDs(cluster, crds))
		}
	}
	t.Cleanup(remove)

	scheme := runtime.NewScheme()
	s.must(certmanagerv1.AddToScheme(scheme))
	api, err := client.New(cluster, client.Options{Scheme: scheme})
	s.must(err)
	certificate := &certmanagerv1.Certificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "tanist-serving"},
		Spec: certmanagerv1.CertificateSpec{
			SecretName: "tanist-serving", DNSNames: []string{"tanist." + s.namespace + ".svc"},
			IssuerRef: cmmeta.IssuerReference{Name: "tanist-ca"},
		},
	}
	s.must(api.Create(t.Context(), certificate))
	expiry, now := metav1.NewTime(time.Unix(4000000000, 0)), metav1.Now()
	ready := certmanagerv1.CertificateCondition{
		Type: certmanagerv1.CertificateConditionReady, Status: cmmeta.ConditionTrue, Reason: "Ready", LastTransitionTime: &now,
	}
	certificate.Status = certmanagerv1.CertificateStatus{
		NotAfter: &expiry, RenewalTime: &expiry, Conditions: []certmanagerv1.CertificateCondition{ready},
	}
	s.must(api.Status().Update(t.Context(), certificate))
	r.counts(1, "tanist_certificate_ready")
	r.counts(4000000000, "tanist_certificate_expiry_timestamp_seconds")
	r.counts(4000000000, "tanist_certificate_renewal_timestamp_seconds")

	attempts := 1
	certificate.Status.LastFailureTime, certificate.Status.FailedIssuanceAttempts = &now, &attempts
	certificate.Status.Conditions = append(certificate.Status.Conditions, certmanagerv1.CertificateCondition{
		Type: certmanagerv1.CertificateConditionIssuing, Status: cmmeta.ConditionFalse, Reason: "Failed", Message: "denied", LastTransitionTime: &now,
	})
	s.must(api.Status().Update(t.Context(), certificate))
	awaitEvent(t, corev1.EventTypeWarning, s.namespace, "tanist-serving", "CertificateNotIssued", "(failures: 1): denied")

	remove()
	r.counts(0, "tanist_certificate_ready")
	s.readiness("", "ok")
	select {
	case <-r.done:
		t.Error("the replica has ended")
	default:
	}
}

// certManagerCRDs are cert-manager's, from its module.
func certManagerCRDs(t *testing.T) envtest.CRDInstallOptions {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager").Output()
	if err != nil {
		t.Fatalf("failed to find cert-manager's module: %v", err)
	}
	return envtest.CRDInstallOptions{Paths: []string{
		filepath.Join(strings.TrimSpace(string(out)), "deploy", "crds", "cert-manager.io_certificates.yaml"),
	}, ErrorIfPathMissing: true}
}
