package certs

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestJudge(t *testing.T) {
	type (
		validating = admissionregistrationv1.ValidatingWebhookConfiguration
		mutating   = admissionregistrationv1.MutatingWebhookConfiguration
	)
	ca := newAuthority(t, 1, unchanged)
	good := bundle(ca)
	const notInjected = "no caBundle is injected; cert-manager's CA injector must fill it from the Certificate named by the annotation cert-manager.io/inject-ca-from, or Tanist itself with self-managed certificates"

	cases := map[string]struct {
		validating *validating
		mutating   *mutating
		want       map[string]string // webhook to problem
	}{
		"all are trusted": {validating: validatingWith(good), mutating: mutatingWith(good), want: map[string]string{}},
		"nothing is installed": {want: map[string]string{
			"departures.tanist.dev":  "there is no ValidatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another",
			"services.tanist.dev":    "there is no ValidatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another",
			"tuning.tanist.dev":      "there is no ValidatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another",
			"namespaces.tanist.dev":  "there is no ValidatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another",
			"drainwindow.tanist.dev": "there is no MutatingWebhookConfiguration x; it must be installed, or --webhook-configuration must name another",
		}},
		"one of five has no bundle": {
			validating: func() *validating {
				c := validatingWith(good)
				c.Webhooks[1].ClientConfig.CABundle = nil
				return c
			}(),
			mutating: mutatingWith(good),
			want:     map[string]string{"services.tanist.dev": notInjected},
		},
		"the mutating one has no bundle": {
			validating: validatingWith(good), mutating: mutatingWith(nil),
			want: map[string]string{"drainwindow.tanist.dev": notInjected},
		},
		"a webhook is missing": {
			validating: func() *validating {
				c := validatingWith(good)
				c.Webhooks = slices.Delete(c.Webhooks, 2, 3)
				return c
			}(),
			mutating: mutatingWith(good),
			want:     map[string]string{"tuning.tanist.dev": "ValidatingWebhookConfiguration x has no such webhook; it must be installed"},
		},
		"a webhook of another program in it": {
			validating: func() *validating {
				c := validatingWith(good)
				c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{Name: "other.example.com"})
				return c
			}(),
			mutating: mutatingWith(good),
			want:     map[string]string{},
		},
		"another Service is called": {
			validating: validatingWith(good),
			mutating: func() *mutating {
				c := mutatingWith(good)
				c.Webhooks[0].ClientConfig.Service.Name = "tanist-webhook"
				return c
			}(),
			want: map[string]string{"drainwindow.tanist.dev": "the certificate served is for tanist.tanist-system.svc; it must be for tanist-webhook.tanist-system.svc"},
		},
		"a URL is called": {
			validating: validatingWith(good),
			mutating: func() *mutating {
				c := mutatingWith(good)
				c.Webhooks[0].ClientConfig = admissionregistrationv1.WebhookClientConfig{CABundle: good, URL: new("https://127.0.0.1:10250/x")}
				return c
			}(),
			want: map[string]string{"drainwindow.tanist.dev": "the certificate served is for tanist.tanist-system.svc; it must be for 127.0.0.1"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			results := verify("x", test.validating, test.mutating, ca.leaf(unchanged).Certificate, today)
			got := map[string]string{}
			for _, v := range results {
				if v.problem != "" {
					got[v.webhook] = v.problem
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected problems (-want +got):\n%s", diff)
			}
			if len(results) != 5 {
				t.Errorf("got %d results, want one of each webhook", len(results))
			}
		})
	}
}

func TestHost(t *testing.T) {
	cases := map[string]struct {
		call admissionregistrationv1.WebhookClientConfig
		want string
	}{
		"a Service":            {call: call(nil), want: "tanist.tanist-system.svc"},
		"a URL without a port": {call: admissionregistrationv1.WebhookClientConfig{URL: new("https://tanist.example.com/x")}, want: "tanist.example.com"},
		"a URL with a port":    {call: admissionregistrationv1.WebhookClientConfig{URL: new("https://tanist.example.com:10250/x")}, want: "tanist.example.com"},
		"an IPv6 address":      {call: admissionregistrationv1.WebhookClientConfig{URL: new("https://[::1]:10250/x")}, want: "::1"},
		"neither":              {},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := host(test.call); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
