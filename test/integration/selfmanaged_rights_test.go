//go:build integration

package integration_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/test/env"
)

// TestEverySelfManagedRightIsUsed looks at the rights that only this mode has, and at the certificate that metrics are served with.
func TestEverySelfManagedRightIsUsed(t *testing.T) {
	s := newSelfManaged(t)
	s.applySecret()
	used, wires := &uses{}, &network{}
	tap := used.record
	wires.tap.Store(&tap)
	metrics := env.UnusedAddress()
	r := s.startBehind(wires, app.Options{
		WebhookPort: env.UnusedPort(), WebhookConfiguration: configurations, SelfManaged: true, MetricsAddress: metrics, MetricsSecure: true,
	})
	s.applyWebhooks(r)
	s.awaitCalls(r)
	history.eventually(t, func() string {
		var unused []string
		for _, right := range used.unused(t, s.objects) {
			if strings.Contains(right, "secrets") || strings.Contains(right, "webhookconfigurations") {
				unused = append(unused, right)
			}
		}
		if len(unused) > 0 {
			return "that these rights are used: " + strings.Join(unused, ", ")
		}
		return ""
	})

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.data()["ca.crt"])
	token := s.probe.token("anybody")
	verified := &tls.Config{RootCAs: roots, ServerName: "tanist." + release + ".svc"}
	if status, err := askForMetrics(t, verified, metrics, token); status != http.StatusForbidden {
		t.Errorf("metrics: got %d, %v, want a verified connection and no right", status, err)
	}
}

// TestWhatTheSelfManagedAccountMayWrite tries what a stolen account could, in dry runs.
func TestWhatTheSelfManagedAccountMayWrite(t *testing.T) {
	s := newSelfManaged(t)
	s.applySecret()
	s.applyWebhooks(&replica{port: env.UnusedPort()})
	c := thief{newClient(t, func(config *rest.Config) { config.Impersonate = account }), t}
	tried := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
	webhooks := func(patch string) func() error {
		return func() error {
			api := c.AdmissionregistrationV1()
			_, err := api.ValidatingWebhookConfigurations().Patch(t.Context(), configurations, types.StrategicMergePatchType, []byte(patch), tried)
			_, other := api.MutatingWebhookConfigurations().Patch(t.Context(), configurations, types.StrategicMergePatchType,
				[]byte(strings.ReplaceAll(patch, "departures.", "drainwindow.")), tried)
			if (err == nil) != (other == nil) {
				return errors.New("only one of the two configurations refuses it: " + cmp.Or(err, other).Error()) // until the policy is in force for both
			}
			return err
		}
	}
	secret := func(patch string) func() error {
		return func() error {
			_, err := c.CoreV1().Secrets(release).Patch(t.Context(), selfManagedSecret, types.MergePatchType, []byte(patch), tried)
			return err
		}
	}
	history.eventually(t, func() string {
		for _, err := range []error{webhooks(`{"metadata":{"labels":{"x":"y"}}}`)(), secret(`{"metadata":{"labels":{"x":"y"}}}`)()} {
			if !denied(err) {
				return fmt.Sprintf("that the policies are in force, got %v", err)
			}
		}
		return ""
	})
	const passes, policy, rights = "passes", "a policy refuses it", "there is no right"
	ca := newBundle(t)
	for what, test := range map[string]struct {
		try  func() error
		want string
	}{
		"a CA bundle": {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","clientConfig":{"caBundle":"` + ca + `"}}]}`), passes},
		"a URL":       {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","clientConfig":{"url":"https://example.com/x"}}]}`), policy},
		"a Service instead of a URL": {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","clientConfig":{"url":null,` +
			`"service":{"namespace":"x","name":"y"}}}]}`), policy},
		"a failure policy": {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","failurePolicy":"Fail"}]}`), policy},
		"rules":            {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","rules":[]}]}`), policy},
		"a condition": {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","matchConditions":[{"name":"x","expression":"true"}]}]}`),
			policy},
		"a selector of all namespaces": {webhooks(`{"webhooks":[{"name":"departures.tanist.dev","namespaceSelector":null}]}`), policy},
		"one webhook less":             {webhooks(`{"webhooks":[{"$patch":"delete","name":"departures.tanist.dev"}]}`), policy},
		"a webhook more": {webhooks(`{"webhooks":[{"name":"x.example.com","sideEffects":"None","admissionReviewVersions":["v1"],` +
			`"clientConfig":{"url":"https://example.com/x"}}]}`), policy},
		"an annotation": {webhooks(`{"metadata":{"annotations":{"cert-manager.io/inject-ca-from":"x/y"}}}`), policy},
		"a finalizer":   {webhooks(`{"metadata":{"finalizers":["example.com/x"]}}`), policy},
		"a deletion of the configuration": {func() error {
			return c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(t.Context(), configurations, tryingToDelete)
		}, rights},
		"another configuration": {func() error {
			_, err := c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(),
				&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, tryingToCreate)
			return err
		}, rights},
		"the certificates":                {secret(`{"data":{"ca.crt":"eA==","ca.key":"eA==","tls.crt":"eA==","tls.key":"eA=="}}`), passes},
		"other data":                      {secret(`{"data":{"x":"eA=="}}`), policy},
		"an owner of the Secret":          {secret(`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"x","uid":"x"}]}}`), policy},
		"a Secret that cannot be changed": {secret(`{"immutable":true}`), policy},
		"another Secret": {func() error {
			_, err := c.CoreV1().Secrets(release).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, tryingToCreate)
			return err
		}, rights},
		"reading all Secrets": {func() error {
			_, err := c.CoreV1().Secrets(release).List(t.Context(), metav1.ListOptions{})
			return err
		}, rights},
		"the same Secret of another namespace": {func() error {
			_, err := c.CoreV1().Secrets("default").Patch(t.Context(), selfManagedSecret, types.MergePatchType, []byte(`{}`), tried)
			return err
		}, rights},
	} {
		t.Run(what, func(t *testing.T) {
			err := test.try()
			got := fmt.Sprint(err)
			switch {
			case err == nil:
				got = passes
			case denied(err):
				got = policy
			case apierrors.IsForbidden(err):
				got = rights
			}
			if got != test.want {
				t.Errorf("got %s (%v), want that %s", got, err, test.want)
			}
		})
	}
}

// newBundle returns a CA as it is in a patch.
func newBundle(t *testing.T) string {
	t.Helper()
	certificate, _, err := certutil.GenerateSelfSignedCertKey("x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(certificate)
}
