//go:build integration

package integration_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certutil "k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// secretOf returns the certificate in a Secret that cert-manager writes; nil while there is none.
func secretOf(t *testing.T, name string) []byte {
	t.Helper()
	secret, err := clientset.CoreV1().Secrets(release).Get(t.Context(), name, metav1.GetOptions{})
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	return secret.Data[corev1.TLSCertKey]
}

// documented runs the commands of a part of docs/certificates.md, from one block to another, and returns what they print.
func documented(t *testing.T, part string, from, to int) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/certificates.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "\n## "+part+"\n")
	section, _, _ := strings.Cut(after, "\n## ")
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	if !found || len(blocks) <= to {
		t.Fatalf("the page has no part %q with %d blocks of commands", part, to+1)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	script := ""
	for _, block := range blocks[from : to+1] {
		script += block[1]
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+file, "PATH="+os.Getenv("KUBEBUILDER_ASSETS")+":"+os.Getenv("PATH"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the documented commands fail: %v\n%s", err, out)
	}
	return string(out)
}

// bundles returns the CAs that the API server trusts, by webhook.
func bundles(t *testing.T) map[string][]byte {
	t.Helper()
	all, api := map[string][]byte{}, clientset.AdmissionregistrationV1()
	validating, err := api.ValidatingWebhookConfigurations().Get(t.Context(), configurations, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, webhook := range validating.Webhooks {
		all[webhook.Name] = webhook.ClientConfig.CABundle
	}
	mutating, err := api.MutatingWebhookConfigurations().Get(t.Context(), configurations, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, webhook := range mutating.Webhooks {
		all[webhook.Name] = webhook.ClientConfig.CABundle
	}
	return all
}

// trusts waits until the API server trusts a CA for every webhook, and with alone no other.
func trusts(t *testing.T, ca []byte, alone bool) {
	t.Helper()
	history.eventually(t, func() string {
		for webhook, bundle := range bundles(t) {
			n := bytes.Count(bundle, []byte("BEGIN"))
			if !bytes.Contains(bundle, bytes.TrimSpace(ca)) || alone && n != 1 {
				return fmt.Sprintf("the CA in the bundle of %s, which has %d", webhook, n)
			}
		}
		return ""
	})
}

func parsed(t *testing.T, bundle []byte) []*x509.Certificate {
	t.Helper()
	all, err := certutil.ParseCertsPEM(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const stolenCA = "When the key of the CA is stolen"

// TestAStolenCAIsReplacedUnderDeletions follows docs/certificates.md: no call fails, and in the end the stolen CA is trusted no more.
func TestAStolenCAIsReplacedUnderDeletions(t *testing.T) {
	_, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "leader")
	s.leads("web", "leader")
	stolen := secretOf(t, "tanist-ca")
	trusts(t, stolen, false)
	before, first := failedOpen(t), r.served()
	steady := s.deleteSteadily()

	documented(t, stolenCA, 0, 0)
	ca := secretOf(t, "tanist-ca")
	trusts(t, ca, false)
	trusts(t, stolen, false)
	documented(t, stolenCA, 1, 1)
	history.eventually(t, func() string { // instead of a restart
		if served := r.served(); served.Equal(first) || served.CheckSignatureFrom(parsed(t, ca)[0]) != nil {
			return "that a certificate of the new CA is served"
		}
		return ""
	})
	documented(t, stolenCA, 3, 3)
	trusts(t, ca, true)
	if got := strings.Fields(documented(t, stolenCA, 4, 4)); len(got) != len(validatingWebhooks)+len(mutatingWebhooks) || strings.Join(got, "") != strings.Repeat("1", len(got)) {
		t.Errorf("the webhooks trust %v CAs", got)
	}
	// The injector writes at each renewal of the CA. It does not bring the stolen one back.
	documented(t, "Renewing the CA", 0, 0)
	trusts(t, secretOf(t, "tanist-ca"), false)
	for webhook, bundle := range bundles(t) {
		if bytes.Contains(bundle, bytes.TrimSpace(stolen)) {
			t.Errorf("the stolen CA is trusted again for %s", webhook)
		}
	}
	newNamespace(t).awaitPodEvents()
	n := steady.stop()
	if got := failedOpen(t) - before; got != 0 {
		t.Errorf("%v of the calls failed during %d deletions", got, n)
	}
	if n == 0 {
		t.Error("nothing was deleted meanwhile")
	}
}
