package rotatesecret

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/config"
)

// installation returns both configurations of a Tanist, with these calls of its first and its last webhook.
func installation(first, last admissionregistrationv1.WebhookClientConfig) *fake.Clientset {
	meta := metav1.ObjectMeta{Name: "tanist-system-tanist"}
	return fake.NewClientset(
		&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.ValidatingWebhook{
			{Name: "departures.tanist.dev", ClientConfig: first}, {Name: "services.tanist.dev", ClientConfig: first},
		}},
		&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta, Webhooks: []admissionregistrationv1.MutatingWebhook{
			{Name: "drainwindow.tanist.dev", ClientConfig: last},
		}},
	)
}

// service is the call of a Service, at a path.
func service(path *string) admissionregistrationv1.WebhookClientConfig {
	return admissionregistrationv1.WebhookClientConfig{
		CABundle: []byte("bundle"),
		Service:  &admissionregistrationv1.ServiceReference{Namespace: "tanist-system", Name: "tanist", Port: new(int32(443)), Path: path},
	}
}

const secret = "0123456789abcdefghijklmnopqrstuvwxyz"

func TestRotation(t *testing.T) {
	const (
		validating = "validatingwebhookconfiguration.admissionregistration.k8s.io/tanist-system-tanist: secret changed"
		mutating   = "mutatingwebhookconfiguration.admissionregistration.k8s.io/tanist-system-tanist: secret changed"
	)
	for name, test := range map[string]struct {
		call   admissionregistrationv1.WebhookClientConfig
		dryRun string
		out    string
		want   func(path string) admissionregistrationv1.WebhookClientConfig
	}{
		"there is no path":   {call: service(nil)},
		"there is a secret":  {call: service(new("/" + strings.Repeat("x", 40) + config.PathPods))},
		"a former version's": {call: service(new(config.PathPods))},
		"a dry run":          {call: service(nil), dryRun: dryRunClient, out: validating + " (dry run)\n" + mutating + " (dry run)\n"},
		"a URL is called": {
			call: admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:1/x"), CABundle: []byte("bundle")},
			want: func(path string) admissionregistrationv1.WebhookClientConfig {
				return admissionregistrationv1.WebhookClientConfig{URL: new("https://127.0.0.1:1" + path), CABundle: []byte("bundle")}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := installation(test.call, test.call)
			var out bytes.Buffer
			if test.dryRun == "" {
				test.dryRun, test.out = dryRunNone, validating+"\n"+mutating+"\nTanist accepts the old path for two minutes: calls go on.\n"
			}
			r := rotation{
				options: options{dryRun: test.dryRun, configuration: "tanist-system-tanist"}, client: client.AdmissionregistrationV1(), out: &out, secret: secret,
			}
			if err := r.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if out.String() != test.out {
				t.Errorf("printed %s", out.String())
			}
			if test.want == nil {
				test.want = func(path string) admissionregistrationv1.WebhookClientConfig { return service(&path) }
			}
			got, err := client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), "tanist-system-tanist", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			other, err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "tanist-system-tanist", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			calls := []admissionregistrationv1.WebhookClientConfig{got.Webhooks[0].ClientConfig, got.Webhooks[1].ClientConfig, other.Webhooks[0].ClientConfig}
			want := []admissionregistrationv1.WebhookClientConfig{
				test.want("/" + secret + config.PathDepartures), test.want("/" + secret + config.PathServices), test.want("/" + secret + config.PathPods),
			}
			if test.dryRun != dryRunNone {
				want = []admissionregistrationv1.WebhookClientConfig{test.call, test.call, test.call}
			}
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Errorf("unexpected calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheSecretIsOneThatTanistKnows(t *testing.T) {
	first, second := newSecret(), newSecret()
	if got, rest := config.SplitAdmissionPath("/" + first + config.PathPods); got != first || rest != config.PathPods || first == second {
		t.Errorf("got %q and %q of %q, after %q", got, rest, first, second)
	}
}

func TestWhatIsMissingOrForeign(t *testing.T) {
	foreign := installation(service(nil), service(nil))
	configuration, err := foreign.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "tanist-system-tanist", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	configuration.Webhooks[0].Name = "x.example.com"
	if _, err := foreign.AdmissionregistrationV1().MutatingWebhookConfigurations().Update(t.Context(), configuration, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		client *fake.Clientset
		want   string
	}{
		"no configurations": {fake.NewClientset(), `failed to get validating webhooks: validatingwebhookconfigurations.admissionregistration.k8s.io "tanist-system-tanist" not found`},
		"another webhook":   {foreign, "webhook x.example.com is not Tanist's: it must not be in Tanist's webhook configurations"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r := rotation{
				options: options{dryRun: dryRunNone, configuration: "tanist-system-tanist"}, client: test.client.AdmissionregistrationV1(), out: &out, secret: secret,
			}
			if err := r.run(t.Context()); err == nil || err.Error() != test.want || out.Len() > 0 {
				t.Errorf("got %v, and printed %q", err, out.String())
			}
		})
	}
}
