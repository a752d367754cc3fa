package certs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// managing is a source whose informers are as far as refresh has brought them.
type managing struct {
	*SelfManaged
	t *testing.T
	// writes counts the patches, and refusal is what they get instead of success.
	writes  int
	refusal error
}

func newManaging(t *testing.T, with ...client.Object) *managing {
	t.Helper()
	scheme, mapper, err := newAPIs()
	if err != nil {
		t.Fatal(err)
	}
	m := &managing{SelfManaged: NewSelfManaged("tanist-system"), t: t}
	m.failed = func() {}
	m.api = fake.NewClientBuilder().WithScheme(scheme).WithRESTMapper(mapper).WithObjects(with...).WithInterceptorFuncs(interceptor.Funcs{
		Patch: func(ctx context.Context, api client.WithWatch, object client.Object, patch client.Patch, o ...client.PatchOption) error {
			if m.refusal != nil {
				return m.refusal
			}
			m.writes++
			return api.Patch(ctx, object, patch, o...)
		},
	}).Build()
	m.refresh()
	return m
}

// refresh brings the informers up to date.
func (m *managing) refresh() {
	m.t.Helper()
	refresh(m, m.secret, &corev1.Secret{}, client.ObjectKey{Namespace: "tanist-system", Name: SelfManagedSecret})
	refresh(m, m.validating, &admissionregistrationv1.ValidatingWebhookConfiguration{}, client.ObjectKey{Name: "x"})
	refresh(m, m.mutating, &admissionregistrationv1.MutatingWebhookConfiguration{}, client.ObjectKey{Name: "x"})
}

func refresh[T any](m *managing, l *latest[T], object client.Object, key client.ObjectKey) {
	m.t.Helper()
	if err := m.api.Get(m.t.Context(), key, object); client.IgnoreNotFound(err) != nil {
		m.t.Fatal(err)
	} else if err == nil {
		l.object.Store(any(object).(*T))
	}
}

// settle looks until nothing is written any more, and returns after how long to look again.
func (m *managing) settle(now time.Time) (wait time.Duration) {
	m.t.Helper()
	for range 10 {
		m.refresh()
		before := m.writes
		wait = m.look(m.t.Context(), now)
		if m.writes == before {
			return wait
		}
	}
	m.t.Fatal("it never ends to write")
	return 0
}

// problems returns why the API server does not trust what is served.
func (m *managing) problems(now time.Time) map[string]string {
	m.refresh()
	var chain [][]byte
	if served, err := m.GetCertificate(nil); err == nil {
		chain = served.Certificate
	}
	problems := map[string]string{}
	for _, r := range verify("x", m.validating.load(), m.mutating.load(), chain, now) {
		if r.problem != "" {
			problems[r.webhook] = r.problem
		}
	}
	return problems
}

func (m *managing) trusted(now time.Time) {
	m.t.Helper()
	if diff := cmp.Diff(map[string]string{}, m.problems(now)); diff != "" {
		m.t.Errorf("unexpected problems (-want +got):\n%s", diff)
	}
}

func empty() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "tanist-system", Name: SelfManagedSecret, UID: "secret"}}
}

func TestAFreshInstallationBecomesTrusted(t *testing.T) {
	m := newManaging(t, empty(), validatingWith(nil), mutatingWith(nil))
	if _, err := m.GetCertificate(nil); !errors.Is(err, errNoCertificate) {
		t.Errorf("got %v", err)
	}
	if got := m.settle(today); got != interval {
		t.Errorf("looks again after %v", got)
	}
	m.trusted(today)
	if m.writes != 3 {
		t.Errorf("%d writes, want one for each object", m.writes)
	}
}

// TestANewCAIsTrustedBeforeItIsUsed takes out the key of the CA. At no step is what is served untrusted.
func TestANewCAIsTrustedBeforeItIsUsed(t *testing.T) {
	m := newManaging(t, empty(), validatingWith(nil), mutatingWith(nil))
	m.settle(today)
	first := m.serving.Load()
	secret := m.secret.load().DeepCopy()
	delete(secret.Data, caKeyKey)
	if err := m.api.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	now := today
	for step, want := range []bool{false, false, true} {
		m.trusted(now)
		wait := m.settle(now)
		m.trusted(now)
		if got := m.serving.Load() != first; got != want {
			t.Fatalf("step %d: the new CA is used: %v, want %v", step, got, want)
		}
		now = now.Add(min(wait, publishTime/2))
	}
	if n := len(certificatesIn(m.validating.load().Webhooks[0].ClientConfig.CABundle)); n != 2 {
		t.Errorf("%d CAs are trusted, want both", n)
	}
}

func TestABundleIsPutBackAndPathsStay(t *testing.T) {
	m := newManaging(t, empty(), validatingWith(nil), mutatingWith(nil))
	m.settle(today)
	changed := m.validating.load().DeepCopy()
	path := "/secret/validate-departures"
	changed.Webhooks[0].ClientConfig.CABundle, changed.Webhooks[0].ClientConfig.Service.Path = nil, &path
	if err := m.api.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	m.settle(today)
	m.trusted(today)
	if got := m.validating.load().Webhooks[0].ClientConfig.Service.Path; got == nil || *got != path {
		t.Errorf("the path is %v", got)
	}
}

// TestAStaleReplicaChangesNothing has two replicas begin with the same view.
func TestAStaleReplicaChangesNothing(t *testing.T) {
	m := newManaging(t, empty(), validatingWith(nil), mutatingWith(nil))
	other := NewSelfManaged("tanist-system")
	other.api, other.failed = m.api, func() {}
	other.secret.object.Store(m.secret.load())
	other.validating.object.Store(m.validating.load())
	other.mutating.object.Store(m.mutating.load())
	m.settle(today)
	before := m.secret.load().Data
	if wait := other.look(t.Context(), today); wait != interval || other.failure.Load() != nil {
		t.Errorf("a conflict counts as a failure: %v, %v", wait, other.failure.Load())
	}
	m.refresh()
	if diff := cmp.Diff(before, m.secret.load().Data); diff != "" {
		t.Errorf("the Secret was written twice:\n%s", diff)
	}
}

func TestFailuresAreReported(t *testing.T) {
	metrics, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		with    []client.Object
		refusal error
		want    []finding
	}{
		"all is well": {with: []client.Object{empty()}},
		"there is no Secret": {want: []finding{{
			about:  corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: "tanist-system", Name: SelfManagedSecret},
			reason: "CertificateNotIssued", action: "CheckCertificate",
			problem: "there is no Secret tanist-self-managed; the chart must be installed again, which creates it",
		}}},
		"a write is refused": {with: []client.Object{empty()}, refusal: errors.New("no"), want: []finding{{
			about:  corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: "tanist-system", Name: SelfManagedSecret, UID: "secret"},
			reason: "CertificateNotIssued", action: "CheckCertificate",
			problem: "failed to write Secret tanist-self-managed: no",
		}}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			m := newManaging(t, test.with...)
			m.refusal = test.refusal
			m.settle(today)
			got := (&selfIssuance{source: m.SelfManaged, metrics: metrics}).check(today)
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(finding{})); diff != "" {
				t.Errorf("unexpected findings (-want +got):\n%s", diff)
			}
		})
	}
}
