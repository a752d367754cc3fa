package certs

import (
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// Problem is why the API server cannot trust Tanist when it calls a webhook, and what would be right.
type Problem struct {
	Webhook, Text string
}

// Problems verifies a chain (DER, the leaf first) against both webhook configurations of a name, as each replica verifies what it serves. A
// configuration that does not exist is nil. The plugin calls it with the chain in the Secret.
func Problems(
	name string,
	validating *admissionregistrationv1.ValidatingWebhookConfiguration,
	mutating *admissionregistrationv1.MutatingWebhookConfiguration,
	chain [][]byte, now time.Time,
) []Problem {
	var problems []Problem
	for _, r := range verify(name, validating, mutating, chain, now) {
		if r.problem != "" {
			problems = append(problems, Problem{Webhook: r.webhook, Text: r.problem})
		}
	}
	return problems
}
