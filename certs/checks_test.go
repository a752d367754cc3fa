package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// trustOf is a check with synced informers.
func trustOf(m *metrics, serving tls.Certificate) *trust {
	synced := func() bool { return true }
	tr := &trust{
		configuration: "x", metrics: m, calls: func([]admissionregistrationv1.WebhookClientConfig) {},
		serving:    func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &serving, nil },
		validating: &latest[admissionregistrationv1.ValidatingWebhookConfiguration]{synced: synced},
		mutating:   &latest[admissionregistrationv1.MutatingWebhookConfiguration]{synced: synced},
	}
	tr.untrusted.Store(new(notRead))
	return tr
}

// notes are the Events that were sent.
type notes struct {
	events.EventRecorder
	mu  sync.Mutex
	all []string
}

func (n *notes) Eventf(regarding, _ runtime.Object, kind, reason, action, note string, args ...any) {
	about := regarding.(*corev1.ObjectReference)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf("%s %s %s %s/%s/%s %s", kind, reason, action, about.Kind, about.Name, about.UID, fmt.Sprintf(note, args...)))
}

// take returns the Events since the last call.
func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.all
	n.all = nil
	return all
}

// bubble is the checks of a replica, in a bubble of synctest.
type bubble struct {
	*checks
	t        *testing.T
	registry *prometheus.Registry
	notes    *notes
	lease    chan struct{}
	// certificate is the newest version of cert-manager's Certificate.
	certificate *latest[certmanagerv1.Certificate]
	serving     atomic.Pointer[tls.Certificate]
}

// startChecks starts the checks with a certificate and both configurations.
func startChecks(t *testing.T, serving tls.Certificate, bundle []byte) *bubble {
	t.Helper()
	b := &bubble{t: t, registry: prometheus.NewRegistry(), notes: &notes{}, lease: make(chan struct{}), certificate: &latest[certmanagerv1.Certificate]{}}
	m, err := newMetrics(b.registry)
	if err != nil {
		t.Fatal(err)
	}
	b.serving.Store(&serving)
	b.checks = &checks{
		trust: trustOf(m, serving), issuance: (&issuance{metrics: m, certificate: b.certificate}).check,
		changed: make(chan struct{}, 1), elected: b.lease, recorder: b.notes,
	}
	b.trust.serving = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return b.serving.Load(), nil }
	b.inject(bundle)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the checks ended with %v", err)
		}
	})
	return b
}

// inject puts a bundle into both configurations, as their informers see it.
func (b *bubble) inject(bundle []byte) {
	b.trust.validating.handler(b.wake).OnAdd(validatingWith(bundle), false)
	b.trust.mutating.handler(b.wake).OnUpdate(nil, mutatingWith(bundle))
}

// after lets time pass.
func (b *bubble) after(d time.Duration) *bubble {
	<-time.After(d)
	synctest.Wait()
	return b
}

func (b *bubble) says(want ...string) *bubble {
	b.t.Helper()
	if diff := cmp.Diff(want, b.notes.take()); diff != "" {
		b.t.Errorf("unexpected Events (-want +got):\n%s", diff)
	}
	return b
}

func (b *bubble) has(want float64, metric string) *bubble {
	b.t.Helper()
	if got := series(b.t, b.registry)[metric]; got != want {
		b.t.Errorf("%s is %v, want %v", metric, got, want)
	}
	return b
}

func (b *bubble) isReady(want string) *bubble {
	b.t.Helper()
	got := ""
	if err := b.trust.ready(nil); err != nil {
		got = err.Error()
	}
	if got != want {
		b.t.Errorf("readiness says %q, want %q", got, want)
	}
	return b
}

const (
	noBundle  = "no caBundle is injected; cert-manager's CA injector must fill it from the Certificate named by the annotation cert-manager.io/inject-ca-from, or Tanist itself with self-managed certificates"
	skipsFour = "the API server cannot trust Tanist and skips departures.tanist.dev, services.tanist.dev, tuning.tanist.dev, " +
		"namespaces.tanist.dev: "
	skipsOne = "the API server cannot trust Tanist and skips drainwindow.tanist.dev: "

	aboutValidating = "Warning WebhookNotTrusted CheckTrust ValidatingWebhookConfiguration/x/validating "
	aboutMutating   = "Warning WebhookNotTrusted CheckTrust MutatingWebhookConfiguration/x/mutating "
	departures      = "tanist_webhook_trusted/departures.tanist.dev"
)

// current is valid for a day of the bubble's time, which begins in 2000.
func current(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
}

func TestTrustIsLostAndFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, 1, current)
		b := startChecks(t, ca.leaf(current), nil)
		b.after(0).isReady(skipsFour+noBundle+"; "+skipsOne+noBundle).has(0, departures)
		b.inject(bundle(ca))
		b.after(0).isReady("").has(1, departures)
		b.after(time.Minute).says()

		b.inject(nil)
		b.after(0).isReady("").has(0, departures) // never unready again
		b.after(time.Minute).says()               // the holder of the Lease reports it
		close(b.lease)
		b.after(0).says(aboutValidating+skipsFour+noBundle, aboutMutating+skipsOne+noBundle)
		b.after(time.Minute).says()
		b.inject(bundle(ca))
		b.after(0).has(1, departures)
		b.inject(nil)
		b.after(4*time.Second).says().after(time.Second).says(aboutValidating+skipsFour+noBundle, aboutMutating+skipsOne+noBundle)
	})
}

func TestRotationKeepsTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newAuthority(t, 1, current), newAuthority(t, 2, current)
		b := startChecks(t, before.leaf(current), bundle(before))
		close(b.lease)
		rotated := after.leaf(current)
		for _, step := range []func(){
			func() { b.inject(bundle(before, after)) },
			func() { b.serving.Store(&rotated); b.wake() },
			func() { b.inject(bundle(after)) },
		} {
			step()
			b.after(0).has(1, departures).after(time.Minute).says()
		}
	})
}

func TestTimeAloneEndsTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, 1, current)
		b := startChecks(t, ca.leaf(current), bundle(ca))
		close(b.lease)
		end := time.Now().Add(24 * time.Hour)
		b.after(24*time.Hour-time.Minute).has(1, departures).after(3*time.Minute).has(0, departures)
		expired := "the certificate served expired at " + formatTime(end) + "; it must be renewed"
		b.says(aboutValidating+skipsFour+expired, aboutMutating+skipsOne+expired)
	})
}

func TestConfigurationsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, 1, current)
		b := startChecks(t, ca.leaf(current), bundle(ca))
		close(b.lease)
		b.after(0).has(1, departures)
		b.trust.validating.handler(b.wake).OnDelete(validatingWith(nil))
		b.after(time.Minute).has(0, departures).says("Warning WebhookNotTrusted CheckTrust ValidatingWebhookConfiguration/x/ " + skipsFour +
			"there is no ValidatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another")
	})
}

func TestReadinessBeforeAnythingIsRead(t *testing.T) {
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ca := newAuthority(t, 1, unchanged)
	check := trustOf(m, ca.leaf(unchanged))
	check.validating.object.Store(validatingWith(bundle(ca)))
	check.mutating.synced = func() bool { return false }
	if findings := check.check(today); findings != nil {
		t.Errorf("got %v of what is not known", findings)
	}
	want := "the webhook configurations have not been read yet"
	if err := check.ready(nil); err == nil || err.Error() != want {
		t.Errorf("readiness says %v, want %s", err, want)
	}
}

func TestIssuanceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newAuthority(t, 1, current)
		b := startChecks(t, ca.leaf(current), bundle(ca))
		certificate := func(changes ...func(*certmanagerv1.CertificateStatus)) {
			c := issued(changes...)
			c.Status.NotAfter, c.Status.RenewalTime = &metav1.Time{Time: time.Now().Add(48 * time.Hour)}, &metav1.Time{Time: time.Now().Add(24 * time.Hour)}
			b.certificate.handler(b.wake).OnAdd(c, false)
		}
		said := func(at time.Time, attempts int, expiry time.Time) string {
			return fmt.Sprintf("Warning CertificateNotIssued CheckCertificate Certificate/tanist-serving/certificate "+
				"issuing failed, the last time at %s (failures: %d): denied; the current certificate expires at %s", formatTime(at), attempts, formatTime(expiry))
		}
		certificate()
		b.after(0).has(1, "tanist_certificate_ready")
		first, expiry := time.Now(), time.Now().Add(48*time.Hour)
		certificate(failed(first, 1, "denied"))
		b.after(time.Minute).says() // the holder of the Lease reports it
		close(b.lease)
		b.after(0).says(said(first, 1, expiry)).after(time.Hour).says()

		second, expiry := time.Now(), time.Now().Add(48*time.Hour)
		certificate(failed(second, 2, "denied"))
		b.after(time.Minute).says(said(second, 2, expiry))
		b.certificate.handler(b.wake).OnDelete(issued())
		b.after(0).has(0, "tanist_certificate_ready").after(time.Hour).says()
	})
}
