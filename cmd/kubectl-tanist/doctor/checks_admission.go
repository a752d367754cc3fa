package doctor

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/certs"
	"github.com/tanist-dev/tanist/config"
)

var admissionChecks = []check{
	{"webhooks", admission, "the webhook configurations are complete", whileOn(checkWebhooks)},
	{"ca-injected", admission, "each webhook has a CA", whileOn(checkInjected)},
	{"certificate", admission, "cert-manager has issued the certificate and renews it in time", whileOn(checkCertificate)},
	{"trust", admission, "the API server trusts the certificate", whileOn(checkTrust)},
	{"secret-path", admission, "Tanist can tell the API server's calls from others", whileOn(checkSecretPath)},
}

// whileOn skips a check if Tanist is installed without admission.
func whileOn(run func(*facts) findings) func(*facts) findings {
	return func(f *facts) findings {
		if f.admissionOff() {
			return skip("Tanist is installed without admission")
		}
		return run(f)
	}
}

// noWebhook is why there is nothing to ask about the webhooks. That they are missing is for checkWebhooks.
const noWebhook = "there is no webhook"

// missingWebhooks returns the names of Tanist's webhooks that no configuration has.
func missingWebhooks(f *facts) map[string]bool {
	missing := map[string]bool{}
	for name := range config.WebhookPaths {
		missing[name] = true
	}
	for name := range f.calls() {
		delete(missing, name)
	}
	return missing
}

// readLog shows what the replicas say.
func (f *facts) readLog() string {
	return "kubectl logs -n " + f.tanistNamespace + " deployment/" + config.ReplicaName
}

// calls returns how each of Tanist's webhooks is called, by name.
func (f *facts) calls() map[string]admissionregistrationv1.WebhookClientConfig {
	calls := map[string]admissionregistrationv1.WebhookClientConfig{}
	if f.validating.found {
		for _, webhook := range f.validating.value.Webhooks {
			calls[webhook.Name] = webhook.ClientConfig
		}
	}
	if f.mutating.found {
		for _, webhook := range f.mutating.value.Webhooks {
			calls[webhook.Name] = webhook.ClientConfig
		}
	}
	return calls
}

func (f *facts) webhooksUnread() string { return unread(f.validating.unread, f.mutating.unread) }

func (f *facts) aboutWebhooks() string {
	return "webhook configurations " + config.WebhookConfiguration(f.tanistNamespace)
}

func checkWebhooks(f *facts) (found findings) {
	if reason := f.webhooksUnread(); reason != "" {
		return skip(reason)
	}
	const again = "install the chart or install.yaml again"
	missing := missingWebhooks(f)
	for _, p := range certs.Problems(config.WebhookConfiguration(f.tanistNamespace), f.validatingOrNil(), f.mutatingOrNil(), nil, f.now) {
		if missing[p.Webhook] {
			found.fail("webhook "+p.Webhook, p.Text, again)
		}
	}
	return found
}

func (f *facts) validatingOrNil() *admissionregistrationv1.ValidatingWebhookConfiguration {
	if !f.validating.found {
		return nil
	}
	return f.validating.value
}

func (f *facts) mutatingOrNil() *admissionregistrationv1.MutatingWebhookConfiguration {
	if !f.mutating.found {
		return nil
	}
	return f.mutating.value
}

func checkInjected(f *facts) (found findings) {
	if reason := f.webhooksUnread(); reason != "" {
		return skip(reason)
	}
	if len(f.calls()) == 0 {
		return skip(noWebhook)
	}
	var without []string
	for name, call := range f.calls() {
		if len(call.CABundle) == 0 {
			without = append(without, name)
		}
	}
	if len(without) > 0 {
		slices.Sort(without)
		remedy := "kubectl get pods -A -l app.kubernetes.io/component=cainjector (cert-manager's CA injector must run)"
		if f.selfManaged() {
			remedy = f.readLog()
		}
		found.fail(f.aboutWebhooks(), "no caBundle in "+strings.Join(without, ", ")+", so the API server skips them", remedy)
	}
	return found
}

func checkCertificate(f *facts) (found findings) {
	about := "Certificate " + f.tanistNamespace + "/" + certs.CertificateName
	switch {
	case f.selfManaged():
		return skip("Tanist makes its certificates itself")
	case f.certificate.unread != "":
		return skip(f.certificate.unread)
	case !f.certificate.found:
		return skip("there is no " + about + ": something else than cert-manager may provide the certificate")
	}
	if text := certs.CertificateProblem(f.certificate.value, f.now); text != "" {
		found.fail(about, text, fmt.Sprintf("kubectl describe certificate %s -n %s", certs.CertificateName, f.tanistNamespace))
	}
	return found
}

// checkTrust verifies the certificate in the Secret against the caBundle, as the API server does before each call: its dates, its names and
// its issuer. A bundle that is missing is for checkInjected.
func checkTrust(f *facts) (found findings) {
	secret, name := f.secret, certs.CertificateName
	remedy := fmt.Sprintf("kubectl describe certificate %s -n %s", certs.CertificateName, f.tanistNamespace)
	if f.selfManaged() {
		secret, name, remedy = f.selfManagedSecret, certs.SelfManagedSecret, f.readLog()
	}
	if reason := unread(f.webhooksUnread(), secret.unread); reason != "" {
		return skip(reason)
	}
	about := "Secret " + f.tanistNamespace + "/" + name
	if !secret.found {
		found.fail(about, "it does not exist, so no replica becomes ready", remedy)
		return found
	}
	pair, err := tls.X509KeyPair(secret.value.Data[corev1.TLSCertKey], secret.value.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		found.fail(about, "it has no certificate with its key: "+err.Error(), remedy)
		return found
	}
	if len(f.calls()) == 0 {
		return skip(noWebhook)
	}
	calls, texts := f.calls(), map[string][]string{}
	for _, p := range certs.Problems(config.WebhookConfiguration(f.tanistNamespace), f.validatingOrNil(), f.mutatingOrNil(), pair.Certificate, f.now) {
		if call, exists := calls[p.Webhook]; exists && len(call.CABundle) > 0 {
			texts[p.Text] = append(texts[p.Text], p.Webhook)
		}
	}
	for text, webhooks := range texts {
		found.fail(about, "the API server skips "+strings.Join(webhooks, ", ")+": "+text, remedy)
	}
	slices.SortFunc(found.problems, func(a, b problem) int { return strings.Compare(a.what, b.what) })
	return found
}

func checkSecretPath(f *facts) (found findings) {
	if reason := f.webhooksUnread(); reason != "" {
		return skip(reason)
	}
	if len(f.calls()) == 0 {
		return skip(noWebhook)
	}
	for _, call := range f.calls() {
		if config.Unauthenticated(call) {
			found.warn(f.aboutWebhooks(), "they have no secret, so Tanist trusts no call", "kubectl tanist rotate-secret --tanist-namespace "+f.tanistNamespace)
			break
		}
	}
	return found
}
