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
	// serving is the certwatcher's GetCertificate: what a client is shown now.
	serving func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	metrics *metrics

	// doubt is why this process has not been trusted yet; nil once it was, for ever.
	doubt atomic.Pointer[string]
}

// check compares what is served with the configurations, and returns what a user has to mend.
func (t *trust) check(now time.Time) []finding {
	if !t.validating.synced() || !t.mutating.synced() {
		return nil
	}
	var chain [][]byte
	if served, err := t.serving(nil); err == nil && served != nil {
		chain = served.Certificate
	}
	validating, mutating := t.validating.load(), t.mutating.load()
	verdicts := judge(t.configuration, validating, mutating, chain, now)
	for _, v := range verdicts {
		setBool(t.metrics.trusted.WithLabelValues(v.webhook), v.problem == "")
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
	findings := grouped(verdicts, about)
	t.remember(findings)
	return findings
}

// grouped makes one finding of all webhooks of a configuration that have the same problem.
func grouped(verdicts []verdict, about map[string]corev1.ObjectReference) []finding {
	type group struct{ kind, problem string }
	webhooks := map[group][]string{}
	var order []group
	for _, v := range verdicts {
		if v.problem == "" {
			continue
		}
		g := group{v.kind, v.problem}
		if webhooks[g] == nil {
			order = append(order, g)
		}
		webhooks[g] = append(webhooks[g], v.webhook)
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

// remember keeps the reason for readiness, until there is none.
func (t *trust) remember(findings []finding) {
	if t.doubt.Load() == nil {
		return
	}
	if len(findings) == 0 {
		t.doubt.Store(nil)
		return
	}
	problems := make([]string, 0, len(findings))
	for _, f := range findings {
		problems = append(problems, f.problem)
	}
	text := strings.Join(problems, "; ")
	t.doubt.Store(&text)
}

// unread is the doubt that a process begins with.
const unread = "the webhook configurations have not been read yet"

// ready is the readiness check: it fails until this process was trusted once, so that a rollout does not replace a replica that works
// by one that the API server cannot call. A loss of trust later is no reason to take a replica away, which hands over all the same.
func (t *trust) ready(*http.Request) error {
	if doubt := t.doubt.Load(); doubt != nil {
		return errors.New(*doubt)
	}
	return nil
}
