package rotatesecret

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typed "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"

	"github.com/tanist-dev/tanist/config"
)

// rotation sets one secret in both configurations.
type rotation struct {
	options
	client typed.AdmissionregistrationV1Interface
	out    io.Writer
	secret string
}

// run changes both configurations, with one patch each. If the second one fails, the first one keeps the new secret: each webhook's path
// counts by itself, so calls go on.
func (r *rotation) run(ctx context.Context) error {
	validating, err := r.client.ValidatingWebhookConfigurations().Get(ctx, r.configuration, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("failed to get validating webhooks: %w", err)
	}
	mutating, err := r.client.MutatingWebhookConfigurations().Get(ctx, r.configuration, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("failed to get mutating webhooks: %w", err)
	}
	first, second := patch{}, patch{}
	for _, webhook := range validating.Webhooks {
		if err := first.add(webhook.Name, webhook.ClientConfig, r.secret); err != nil {
			return err
		}
	}
	for _, webhook := range mutating.Webhooks {
		if err := second.add(webhook.Name, webhook.ClientConfig, r.secret); err != nil {
			return err
		}
	}
	if err := r.change(ctx, "validatingwebhookconfiguration", first, func(ctx context.Context, body []byte, o metav1.PatchOptions) error {
		_, err := r.client.ValidatingWebhookConfigurations().Patch(ctx, r.configuration, types.StrategicMergePatchType, body, o)
		return err
	}); err != nil {
		return err
	}
	if err := r.change(ctx, "mutatingwebhookconfiguration", second, func(ctx context.Context, body []byte, o metav1.PatchOptions) error {
		_, err := r.client.MutatingWebhookConfigurations().Patch(ctx, r.configuration, types.StrategicMergePatchType, body, o)
		return err
	}); err != nil {
		return err
	}
	if r.dryRun == dryRunNone {
		fmt.Fprintln(r.out, "Tanist accepts the old path for two minutes: calls go on.")
	}
	return nil
}

// change sends one patch, and says so.
func (r *rotation) change(
	ctx context.Context, kind string, p patch, send func(context.Context, []byte, metav1.PatchOptions) error,
) error {
	suffix, patchOptions := "", metav1.PatchOptions{FieldManager: config.PluginFieldManager}
	switch r.dryRun {
	case dryRunClient:
		suffix = " (dry run)"
	case dryRunServer:
		suffix, patchOptions.DryRun = " (server dry run)", []string{metav1.DryRunAll}
	}
	if r.dryRun != dryRunClient {
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("failed to encode patch: %w", err)
		}
		if err := send(ctx, body, patchOptions); err != nil {
			return fmt.Errorf("failed to patch %s %s (run the command again): %w", kind, r.configuration, err)
		}
	}
	fmt.Fprintf(r.out, "%s.admissionregistration.k8s.io/%s: secret changed%s\n", kind, r.configuration, suffix)
	return nil
}

// patch is a strategic merge patch of a configuration. Webhooks are merged by name, so that it changes nothing but paths.
type patch struct {
	Webhooks []webhookPatch `json:"webhooks"`
}

type webhookPatch struct {
	Name         string     `json:"name"`
	ClientConfig clientCall `json:"clientConfig"`
}

type clientCall struct {
	Service *servicePath `json:"service,omitempty"`
	URL     string       `json:"url,omitempty"`
}

type servicePath struct {
	Path string `json:"path"`
}

// add adds the new path of a webhook.
func (p *patch) add(name string, call admissionregistrationv1.WebhookClientConfig, secret string) error {
	path, known := config.WebhookPaths[name]
	if !known {
		return fmt.Errorf("webhook %s is not Tanist's: it must not be in Tanist's webhook configurations", name)
	}
	path = "/" + secret + path
	if call.URL == nil {
		p.Webhooks = append(p.Webhooks, webhookPatch{Name: name, ClientConfig: clientCall{Service: &servicePath{Path: path}}})
		return nil
	}
	u, err := url.Parse(*call.URL)
	if err != nil {
		return fmt.Errorf("webhook %s has a wrong URL: %w", name, err)
	}
	u.Path, u.RawPath = path, ""
	p.Webhooks = append(p.Webhooks, webhookPatch{Name: name, ClientConfig: clientCall{URL: u.String()}})
	return nil
}
