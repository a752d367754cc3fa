//go:build integration

package integration_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/retry"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/test/env"
)

// The chart's webhooks.
var (
	validatingWebhooks = []string{"departures.tanist.dev", "services.tanist.dev", "tuning.tanist.dev", "namespaces.tanist.dev"}
	mutatingWebhooks   = []string{"drainwindow.tanist.dev"}
)

// serving is an installation with a certificate and webhook configurations. These never call it: without kube-proxy no Service is
// reachable.
type serving struct {
	*tanist
	// name is the name of both configurations.
	name   string
	folder string
	ca     []byte
	health string
}

func (i *tanist) serving() *serving {
	i.t.Helper()
	s := &serving{tanist: i, name: i.namespace + "-tanist", folder: i.t.TempDir(), health: env.UnusedAddress()}
	certificate, key, err := certutil.GenerateSelfSignedCertKey("tanist."+i.namespace+".svc", nil, nil)
	s.must(err)
	all, err := certutil.ParseCertsPEM(certificate)
	s.must(err)
	s.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: all[len(all)-1].Raw})
	s.must(os.WriteFile(filepath.Join(s.folder, "tls.crt"), certificate, 0o600))
	s.must(os.WriteFile(filepath.Join(s.folder, "tls.key"), key, 0o600))
	return s
}

// start runs the replica whose readiness the test asks for.
func (s *serving) start() *replica {
	s.t.Helper()
	return s.serve(s.health)
}

func (s *serving) startAnother() *replica {
	s.t.Helper()
	return s.serve("")
}

func (s *serving) serve(health string) *replica {
	s.t.Helper()
	return s.startWith(app.Options{
		HealthAddress: health, WebhookPort: env.UnusedPort(), CertDir: s.folder, WebhookConfiguration: s.name,
	})
}

// install creates both configurations, without a CA bundle, as the chart does.
func (s *serving) install() {
	s.t.Helper()
	nowhere := &metav1.LabelSelector{MatchLabels: map[string]string{"tanist.dev/test": s.namespace}}
	sideEffects, ignore := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Ignore
	call := admissionregistrationv1.WebhookClientConfig{
		Service: &admissionregistrationv1.ServiceReference{Namespace: s.namespace, Name: "tanist"},
	}
	meta := metav1.ObjectMeta{Name: s.name}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta}
	for _, name := range validatingWebhooks {
		validating.Webhooks = append(validating.Webhooks, admissionregistrationv1.ValidatingWebhook{
			Name: name, ClientConfig: call, NamespaceSelector: nowhere, FailurePolicy: &ignore,
			SideEffects: &sideEffects, AdmissionReviewVersions: []string{"v1"},
		})
	}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta}
	for _, name := range mutatingWebhooks {
		mutating.Webhooks = append(mutating.Webhooks, admissionregistrationv1.MutatingWebhook{
			Name: name, ClientConfig: call, NamespaceSelector: nowhere, FailurePolicy: &ignore,
			SideEffects: &sideEffects, AdmissionReviewVersions: []string{"v1"},
		})
	}
	api := clientset.AdmissionregistrationV1()
	_, err := api.ValidatingWebhookConfigurations().Create(s.t.Context(), validating, metav1.CreateOptions{})
	s.must(err)
	_, err = api.MutatingWebhookConfigurations().Create(s.t.Context(), mutating, metav1.CreateOptions{})
	s.must(err)
}

// inject writes a CA bundle into every webhook, as cert-manager's CA injector does.
func (s *serving) inject(bundle []byte) {
	s.t.Helper()
	api, ctx := clientset.AdmissionregistrationV1(), s.t.Context()
	s.must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		c, err := api.ValidatingWebhookConfigurations().Get(ctx, s.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.CABundle = bytes.Clone(bundle)
		}
		_, err = api.ValidatingWebhookConfigurations().Update(ctx, c, metav1.UpdateOptions{})
		return err
	}))
	s.must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		c, err := api.MutatingWebhookConfigurations().Get(ctx, s.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for i := range c.Webhooks {
			c.Webhooks[i].ClientConfig.CABundle = bytes.Clone(bundle)
		}
		_, err = api.MutatingWebhookConfigurations().Update(ctx, c, metav1.UpdateOptions{})
		return err
	}))
}

// readiness waits until a readiness check ("" for all) says "ok", or a text that contains another one.
func (s *serving) readiness(check, want string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.health+"/readyz/"+check, nil)
		s.must(err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Sprintf("readiness: %v", err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		s.must(err)
		if got := string(body); got != want && (want == "ok" || !strings.Contains(got, want)) {
			return fmt.Sprintf("readiness that says %q, got %q", want, got)
		}
		return ""
	})
}

func (s *serving) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
