package install

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Reachable adds the address at which webhooks are called, and its name, to the serving certificate. It leaves every other object as it is.
func Reachable(object *unstructured.Unstructured) error {
	if object.GetKind() != "Certificate" || object.GetName() != "tanist-serving" {
		return nil
	}
	names, _, err := unstructured.NestedStringSlice(object.Object, "spec", "dnsNames")
	return errors.Join(err, unstructured.SetNestedStringSlice(object.Object, append(names, "localhost"), "spec", "dnsNames"),
		unstructured.SetNestedStringSlice(object.Object, []string{"127.0.0.1"}, "spec", "ipAddresses"))
}

// CalledAt returns a webhook configuration that calls a port of this host instead of the Service.
func CalledAt(configuration *unstructured.Unstructured, port int) (*unstructured.Unstructured, error) {
	configuration = configuration.DeepCopy()
	var failed error
	err := EachWebhook(configuration, func(webhook map[string]any) {
		path, found, err := unstructured.NestedString(webhook, "clientConfig", "service", "path")
		if err == nil && !found {
			err = errors.New("there is no path")
		}
		if err != nil {
			failed = fmt.Errorf("failed to find what %s calls: %w", webhook["name"], err)
		}
		webhook["clientConfig"] = map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", port, path)}
	})
	if err != nil {
		return nil, err
	}
	return configuration, failed
}

// EachWebhook changes every webhook of a configuration.
func EachWebhook(configuration *unstructured.Unstructured, change func(webhook map[string]any)) error {
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return fmt.Errorf("failed to read the webhooks of %s: %w", configuration.GetName(), err)
	}
	for _, webhook := range webhooks {
		change(webhook.(map[string]any))
	}
	return unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks")
}

// IsWebhookConfiguration reports whether an object is one of the two webhook configurations.
func IsWebhookConfiguration(object client.Object) bool {
	return strings.HasSuffix(object.GetObjectKind().GroupVersionKind().Kind, "WebhookConfiguration")
}
