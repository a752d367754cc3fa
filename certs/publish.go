package certs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// issue writes what is due into the Secret. It returns after how long to look again, if something waits for the CA to be published.
func (s *SelfManaged) issue(
	ctx context.Context, secret *corev1.Secret, calls []admissionregistrationv1.WebhookClientConfig, now time.Time,
) (wait time.Duration, err error) {
	hosts, changed := hostsOf(s.namespace, s.hosts, calls), secret.DeepCopy()
	for range 2 { // a CA, and what it signs
		var what issue
		if what, wait = nextIssue(changed.Data, hosts, s.publication(changed.Data, calls, now), now); what == issueNothing {
			break
		}
		if changed.Data, err = withIssued(changed.Data, what, hosts, now); err != nil {
			return 0, err
		}
	}
	if err := s.patch(ctx, secret, changed, client.MergeFromWithOptions(secret, client.MergeFromWithOptimisticLock{})); err != nil {
		return 0, fmt.Errorf("failed to write Secret %s: %w", SelfManagedSecret, err)
	}
	return wait, nil
}

// publication returns what the API server trusts of the Secret's data.
func (s *SelfManaged) publication(data map[string][]byte, calls []admissionregistrationv1.WebhookClientConfig, now time.Time) publication {
	p := publication{serving: len(calls) > 0}
	all := len(calls) > 0
	var chain [][]byte
	for _, c := range certificatesIn(data[corev1.TLSCertKey]) {
		chain = append(chain, c.Raw)
	}
	if served := s.serving.Load(); len(chain) == 0 && served != nil { // somebody has taken it out, and it is served until there is another
		chain = served.Certificate
	}
	for _, call := range calls {
		p.serving = p.serving && distrust(call.CABundle, chain, host(call), now) == ""
		all = all && bytes.Equal(withCA(call.CABundle, data[caCertKey], now), call.CABundle)
	}
	if !all {
		s.published = nil
		return p
	}
	if !bytes.Equal(s.published, data[caCertKey]) {
		s.published, s.publishedSince = slices.Clone(data[caCertKey]), now
	}
	p.ca = now.Sub(s.publishedSince)
	return p
}

// publish adds the CA to the bundle of each webhook that does not hold it, and changes nothing else. A patch leaves the webhooks' paths as they
// are, which have admission's secret.
func (s *SelfManaged) publish(
	ctx context.Context, ca []byte,
	validating *admissionregistrationv1.ValidatingWebhookConfiguration, mutating *admissionregistrationv1.MutatingWebhookConfiguration,
	now time.Time,
) error {
	if len(ca) == 0 {
		return nil
	}
	if validating != nil {
		changed := validating.DeepCopy()
		for i := range changed.Webhooks {
			addCA(&changed.Webhooks[i].ClientConfig, ca, now)
		}
		if err := s.patch(ctx, validating, changed, client.StrategicMergeFrom(validating, client.MergeFromWithOptimisticLock{})); err != nil {
			return fmt.Errorf("failed to write %s %s: %w", kindValidating, validating.Name, err)
		}
	}
	if mutating != nil {
		changed := mutating.DeepCopy()
		for i := range changed.Webhooks {
			addCA(&changed.Webhooks[i].ClientConfig, ca, now)
		}
		if err := s.patch(ctx, mutating, changed, client.StrategicMergeFrom(mutating, client.MergeFromWithOptimisticLock{})); err != nil {
			return fmt.Errorf("failed to write %s %s: %w", kindMutating, mutating.Name, err)
		}
	}
	return nil
}

func addCA(call *admissionregistrationv1.WebhookClientConfig, ca []byte, now time.Time) {
	call.CABundle = withCA(call.CABundle, ca, now)
}

// patch writes a changed object, if it differs. The patch has its resourceVersion.
func (s *SelfManaged) patch(ctx context.Context, before, changed client.Object, patch client.Patch) error {
	if equality.Semantic.DeepEqual(before, changed) {
		return nil
	}
	return s.api.Patch(ctx, changed, patch)
}
