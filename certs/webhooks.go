package certs

import (
	"fmt"
	"net"
	"net/url"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// The kinds of webhook configurations.
const (
	kindValidating = "ValidatingWebhookConfiguration"
	kindMutating   = "MutatingWebhookConfiguration"
)

// ourWebhooks are the webhooks that Tanist serves, with the kind of the configuration that each is in.
var ourWebhooks = []struct{ name, kind string }{
	{"departures.tanist.dev", kindValidating},
	{"services.tanist.dev", kindValidating},
	{"tuning.tanist.dev", kindValidating},
	{"namespaces.tanist.dev", kindValidating},
	{"drainwindow.tanist.dev", kindMutating},
}

// result is whether the API server can trust Tanist when it calls a webhook. The problem is empty if it can.
type result struct {
	webhook, kind, problem string
}

// verify checks the chain that is served against both configurations. A configuration that does not exist is nil.
func verify(
	name string,
	validating *admissionregistrationv1.ValidatingWebhookConfiguration,
	mutating *admissionregistrationv1.MutatingWebhookConfiguration,
	chain [][]byte, now time.Time,
) []result {
	exists := map[string]bool{kindValidating: validating != nil, kindMutating: mutating != nil}
	calls := clientConfigs(validating, mutating)
	results := make([]result, 0, len(ourWebhooks))
	for _, webhook := range ourWebhooks {
		r := result{webhook: webhook.name, kind: webhook.kind}
		call, found := calls[webhook.kind+"/"+webhook.name]
		switch {
		case !exists[webhook.kind]:
			r.problem = fmt.Sprintf("there is no %s %s; it must be installed, or --webhook-configuration must name another", webhook.kind, name)
		case !found:
			r.problem = fmt.Sprintf("%s %s has no such webhook; it must be installed", webhook.kind, name)
		default:
			r.problem = distrust(call.CABundle, chain, host(call), now)
		}
		results = append(results, r)
	}
	return results
}

// clientConfigs returns how the API server calls each webhook, by kind and name.
func clientConfigs(
	validating *admissionregistrationv1.ValidatingWebhookConfiguration, mutating *admissionregistrationv1.MutatingWebhookConfiguration,
) map[string]admissionregistrationv1.WebhookClientConfig {
	all := map[string]admissionregistrationv1.WebhookClientConfig{}
	if validating != nil {
		for _, webhook := range validating.Webhooks {
			all[kindValidating+"/"+webhook.Name] = webhook.ClientConfig
		}
	}
	if mutating != nil {
		for _, webhook := range mutating.Webhooks {
			all[kindMutating+"/"+webhook.Name] = webhook.ClientConfig
		}
	}
	return all
}

// host returns the name that the API server expects in the certificate. For a Service it is <name>.<namespace>.svc, which is
// tanist.<namespace>.svc in the chart.
func host(call admissionregistrationv1.WebhookClientConfig) string {
	if call.Service != nil {
		return call.Service.Name + "." + call.Service.Namespace + ".svc"
	}
	if call.URL == nil {
		return ""
	}
	u, err := url.Parse(*call.URL)
	if err != nil { // the API server refuses such a URL
		return *call.URL
	}
	if name, _, err := net.SplitHostPort(u.Host); err == nil {
		return name
	}
	return u.Host
}
