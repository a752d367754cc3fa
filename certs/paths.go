package certs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	client "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// NewCallReader returns a function that reads from the API server how the configurations with this name call Tanist.
func NewCallReader(
	mgr manager.Manager, name string,
) (func(context.Context) ([]admissionregistrationv1.WebhookClientConfig, error), error) {
	api, err := client.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("failed to create client of webhook configurations: %w", err)
	}
	// A list of one object needs no other right than the watch.
	named := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
	return func(ctx context.Context) ([]admissionregistrationv1.WebhookClientConfig, error) {
		validating, err := api.ValidatingWebhookConfigurations().List(ctx, named)
		if err != nil {
			return nil, fmt.Errorf("failed to list %s %s: %w", kindValidating, name, err)
		}
		mutating, err := api.MutatingWebhookConfigurations().List(ctx, named)
		if err != nil {
			return nil, fmt.Errorf("failed to list %s %s: %w", kindMutating, name, err)
		}
		return callsOf(only(validating.Items), only(mutating.Items)), nil
	}, nil
}

// only returns the only object of a list; nil if it is empty.
func only[T any](list []T) *T {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// callsOf returns how each webhook is called. A configuration that does not exist is nil.
func callsOf(
	validating *admissionregistrationv1.ValidatingWebhookConfiguration, mutating *admissionregistrationv1.MutatingWebhookConfiguration,
) []admissionregistrationv1.WebhookClientConfig {
	return slices.Collect(maps.Values(clientConfigs(validating, mutating)))
}
