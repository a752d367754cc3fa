package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// trust checks whether the API server can trust what this replica serves.
type trust struct {
	configuration string
	validating    *latest[admissionregistrationv1.ValidatingWebhookConfiguration]
	mutating      *latest[admissionregistrationv1.MutatingWebhookConfiguration]
	// serving is the certwatcher's GetCertificate, which returns the certificate that a client gets now.
	serving func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// calls gets how each webhook is called.
	calls   func([]admissionregistrationv1.WebhookClientConfig)
	metrics *metrics

	// untrusted is why this process has not been trusted yet. Once it has been trusted, it stays nil.
	untrusted atomic.Pointer[string]
}

// check compares what is served with the configurations, and returns what a user must correct.
func (t *trust) check(now time.Time) []finding {
	if !t.validating.synced() || !t.mutating.synced() {
		return nil
	}
	validating, mutating := t.validating.load(), t.mutating.load()
	t.calls(callsOf(validating, mutating))
	var chain [][]byte
	if served, err := t.serving(nil); err == nil && served != nil {
		chain = served.Certificate
	}
	results := verify(t.configuration, validating, mutating, chain, now)
	for _, r := range results {
		setBool(t.metrics.trusted.WithLabelValues(r.webhook), r.problem == "")
	}

	about := map[string]corev1.ObjectReference{
		kindValidating: {APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: kindValidating, Name: t.configuration},
		kindMutating:   {APIVersion: admissionregistrationv1.SchemeGroupVersion.String(), Kind: kindMutating, Name: t.configuration},
	}
	if validating != nil {
		about[kindValidating] = withUID(about[kindValidating], validating.UID)
	}
	if mutating != nil {
		about[kindMutating] = withUID(about[kindMutating], mutating.UID)
	}
	findings := findingsOf(results, about)
	t.updateReadiness(findings)
	return findings
}

// findingsOf returns one finding for all webhooks of a configuration that have the same problem.
func findingsOf(results []result, about map[string]corev1.ObjectReference) []finding {
	type group struct{ kind, problem string }
	webhooks := map[group][]string{}
	var order []group
	for _, r := range results {
		if r.problem == "" {
			continue
		}
		g := group{r.kind, r.problem}
		if webhooks[g] == nil {
			order = append(order, g)
		}
		webhooks[g] = append(webhooks[g], r.webhook)
	}
	var findings []finding
	for _, g := range order {
		findings = append(findings, finding{
			about: about[g.kind], reason: reasonWebhookNotTrusted, action: actionCheckTrust,
			problem: fmt.Sprintf("the API server cannot trust Tanist and skips %s: %s", strings.Join(webhooks[g], ", "), g.problem),
		})
	}
	return findings
}

// updateReadiness stores why the readiness check fails, until it succeeds for the first time.
func (t *trust) updateReadiness(findings []finding) {
	if t.untrusted.Load() == nil {
		return
	}
	if len(findings) == 0 {
		t.untrusted.Store(nil)
		return
	}
	problems := make([]string, 0, len(findings))
	for _, f := range findings {
		problems = append(problems, f.problem)
	}
	text := strings.Join(problems, "; ")
	t.untrusted.Store(&text)
}

// notRead is why a new process is not trusted yet.
const notRead = "the webhook configurations have not been read yet"

// ready is the readiness check. It fails until this process has been trusted once, so that a rollout does not replace a working replica
// with one that the API server cannot call. It does not fail when trust is lost later, because the replica still hands over.
func (t *trust) ready(*http.Request) error {
	if untrusted := t.untrusted.Load(); untrusted != nil {
		return errors.New(*untrusted)
	}
	return nil
}
