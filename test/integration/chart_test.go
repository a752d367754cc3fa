//go:build integration

package integration_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// release is the name and namespace that the chart is installed under.
const release = "tanist-system"

// configurations is the name that the chart gives to both webhook configurations.
const configurations = release + "-tanist"

// secret is the secret of the webhooks' paths.
const secret = "0123456789abcdefghijklmnopqrstuvwxyz"

// renderChart renders the chart with Helm and its default values, and a secret.
func renderChart() ([]*unstructured.Unstructured, error) {
	tools, err := filepath.Abs("../../tools/helm.mod")
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("go", "tool", "-modfile="+tools, "helm", "template", "tanist", "../../deploy/chart", "--namespace", release,
		"--set", "image.repository=registry.example.com/tanist", "--set", "admission.secret="+secret)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("failed to render the chart: %w: %s", err, stderr.String())
	}
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(stdout.String(), "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return nil, fmt.Errorf("failed to read the rendered chart: %w in:\n%s", err, document)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
	return all, nil
}

// Two things differ from the chart, because no kube-proxy makes a Service's address reachable: the API server calls a replica's own port,
// and the serving certificate is for that address too. A third is how long a replica may take to answer.

// reachable adds the address at which webhooks are called to the serving certificate.
func reachable(object *unstructured.Unstructured) error {
	if object.GetKind() != "Certificate" || object.GetName() != "tanist-serving" {
		return nil
	}
	return unstructured.SetNestedStringSlice(object.Object, []string{"127.0.0.1"}, "spec", "ipAddresses")
}

// calledAt returns a webhook configuration that calls a port of this host instead of the Service.
func calledAt(t *testing.T, configuration *unstructured.Unstructured, port int) *unstructured.Unstructured {
	t.Helper()
	configuration = configuration.DeepCopy()
	eachWebhook(t, configuration, func(webhook map[string]any) {
		path, found, err := unstructured.NestedString(webhook, "clientConfig", "service", "path")
		if err != nil || !found {
			t.Fatalf("%s calls no Service: %v", webhook["name"], err)
		}
		webhook["clientConfig"] = map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", port, path)}
	})
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
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		t.Fatal(err)
	}
	for _, webhook := range webhooks {
		change(webhook.(map[string]any))
	}
	if err := unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks"); err != nil {
		t.Fatal(err)
	}
}

func isWebhookConfiguration(object client.Object) bool {
	return strings.HasSuffix(object.GetObjectKind().GroupVersionKind().Kind, "WebhookConfiguration")
}
