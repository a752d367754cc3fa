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

// ourWebhooks are all that Tanist serves, with the kind of the configuration that each is in.
var ourWebhooks = []struct{ name, kind string }{
	{"departures.tanist.dev", kindValidating},
	{"services.tanist.dev", kindValidating},
	{"tuning.tanist.dev", kindValidating},
	{"namespaces.tanist.dev", kindValidating},
	{"drainwindow.tanist.dev", kindMutating},
}

// verdict says whether the API server can trust us when it calls a webhook; the problem is empty when it can.
type verdict struct {
	webhook, kind, problem string
}

// judge compares both configurations, nil for one that does not exist, with the chain that is served.
func judge(
	name string,
	validating *admissionregistrationv1.ValidatingWebhookConfiguration,
	mutating *admissionregistrationv1.MutatingWebhookConfiguration,
	chain [][]byte, now time.Time,
) []verdict {
	exists := map[string]bool{kindValidating: validating != nil, kindMutating: mutating != nil}
	calls := clientConfigs(validating, mutating)
	verdicts := make([]verdict, 0, len(ourWebhooks))
	for _, webhook := range ourWebhooks {
		v := verdict{webhook: webhook.name, kind: webhook.kind}
		call, found := calls[webhook.kind+"/"+webhook.name]
		switch {
		case !exists[webhook.kind]:
			v.problem = fmt.Sprintf("there is no %s %s; it must be installed, or --webhook-configuration must name another", webhook.kind, name)
		case !found:
			v.problem = fmt.Sprintf("%s %s has no such webhook; it must be installed", webhook.kind, name)
		default:
			v.problem = distrust(call.CABundle, chain, host(call), now)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// clientConfigs say how the API server calls each webhook, by kind and name.
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

// host is the name that the API server expects in the certificate: for a Service <name>.<namespace>.svc, which is
// tanist.<namespace>.svc as the chart installs it.
func host(call admissionregistrationv1.WebhookClientConfig) string {
	if call.Service != nil {
		return call.Service.Name + "." + call.Service.Namespace + ".svc"
	}
	if call.URL == nil {
		return ""
	}
	u, err := url.Parse(*call.URL)
	if err != nil { // the API server admits no such thing
		return *call.URL
	}
	if name, _, err := net.SplitHostPort(u.Host); err == nil {
		return name
	}
	return u.Host
}
