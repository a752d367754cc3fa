//go:build integration

package integration_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tanist-dev/tanist/test/install"
)

// release is the name and namespace that the chart is installed under.
const release = install.Release

// configurations is the name that the chart gives to both webhook configurations.
const configurations = install.Configurations

// secret is the secret of the webhooks' paths.
const secret = install.Secret

// calledAt returns a webhook configuration that calls a port of this host instead of the Service.
func calledAt(t *testing.T, configuration *unstructured.Unstructured, port int) *unstructured.Unstructured {
	t.Helper()
	configuration, err := install.CalledAt(configuration, port)
	if err != nil {
		t.Fatal(err)
	}
	return configuration
}

// patiently has the API server wait as long as it can for a replica that is called. The chart's second is for clusters; a test that one
// core runs beside other things would find calls that failed.
func patiently(t *testing.T) func(*unstructured.Unstructured) {
	return func(configuration *unstructured.Unstructured) {
		eachWebhook(t, configuration, func(webhook map[string]any) { webhook["timeoutSeconds"] = int64(30) })
	}
}

// eachWebhook changes every webhook of a configuration.
func eachWebhook(t *testing.T, configuration *unstructured.Unstructured, change func(webhook map[string]any)) {
	t.Helper()
	if err := install.EachWebhook(configuration, change); err != nil {
		t.Fatal(err)
	}
}
