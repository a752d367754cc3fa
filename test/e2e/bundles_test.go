//go:build e2e

package e2e

import (
	"context"
	"crypto/x509"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// isTrusted returns nil for a certificate that the API server can trust.
func isTrusted(t *testing.T, client kubernetes.Interface) func(*x509.Certificate) error {
	return func(served *x509.Certificate) error {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(bundle(t, client))
		_, err := served.Verify(x509.VerifyOptions{DNSName: serverName, Roots: roots})
		return err
	}
}

// bundle is the CA that is injected for the webhook of departures.
func bundle(t *testing.T, client kubernetes.Interface) []byte {
	t.Helper()
	c, err := client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), configurationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, webhook := range c.Webhooks {
		if webhook.Name == departures {
			return webhook.ClientConfig.CABundle
		}
	}
	t.Fatalf("%s has no webhook %s", c.Name, departures)
	return nil
}

// setBundles changes the CA of all webhooks. The API server then connects anew, and so sees what is served now.
func setBundles(t *testing.T, client kubernetes.Interface, change func([]byte) []byte) {
	t.Helper()
	api := client.AdmissionregistrationV1()
	validating, err := api.ValidatingWebhookConfigurations().Get(t.Context(), configurationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range validating.Webhooks {
		validating.Webhooks[i].ClientConfig.CABundle = change(validating.Webhooks[i].ClientConfig.CABundle)
	}
	if _, err := api.ValidatingWebhookConfigurations().Update(t.Context(), validating, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	mutating, err := api.MutatingWebhookConfigurations().Get(t.Context(), configurationName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range mutating.Webhooks {
		mutating.Webhooks[i].ClientConfig.CABundle = change(mutating.Webhooks[i].ClientConfig.CABundle)
	}
	if _, err := api.MutatingWebhookConfigurations().Update(t.Context(), mutating, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// webhooks is how many the chart has.
const webhooks = 5

// awaitTrusted waits until every replica reports that all of our webhooks are trusted, or that none is.
func awaitTrusted(t *testing.T, client kubernetes.Interface, want bool) {
	t.Helper()
	wanted := 0.0
	if want {
		wanted = webhooks
	}
	env.Occasionally(t, fmt.Sprintf("every replica reports that %v of %d webhooks are trusted", wanted, webhooks), func(ctx context.Context) error {
		values, err := replicaMetrics(ctx, client, trusted, nil)
		if err != nil {
			return err
		}
		for name, value := range values {
			if value != wanted {
				return fmt.Errorf("%s reports %v", name, value)
			}
		}
		return nil
	})
}
