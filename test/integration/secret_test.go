//go:build integration

package integration_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/tanist-dev/tanist/config"
)

// renderedWebhooks are the webhook configurations that Helm renders with a look at the cluster, and their text.
func renderedWebhooks(t *testing.T, namespace string, args ...string) (paths []string, text string) {
	t.Helper()
	text, err := runHelm(t, namespace, append([]string{"template", "tanist", chartFolder, "--take-ownership", "--show-only", "templates/webhooks.yaml"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(text, "\n---\n") {
		// Both kinds have the fields that count here.
		var configuration admissionregistrationv1.ValidatingWebhookConfiguration
		if err := yaml.Unmarshal([]byte(document), &configuration); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, pathsIn(configuration.Webhooks)...)
	}
	return paths, text
}

func pathsIn(webhooks []admissionregistrationv1.ValidatingWebhook) (paths []string) {
	for _, webhook := range webhooks {
		path := "none"
		if webhook.ClientConfig.Service.Path != nil {
			path = *webhook.ClientConfig.Service.Path
		}
		paths = append(paths, path)
	}
	return paths
}

// prefixOf returns what comes before the names in all paths, or fails the test if the paths differ in that.
func prefixOf(t *testing.T, paths []string) string {
	t.Helper()
	if len(paths) != len(config.WebhookPaths) {
		t.Fatalf("got paths %v", paths)
	}
	prefix := func(path string) string { return path[:strings.LastIndex(path, "/")+1] }
	for _, path := range paths {
		if prefix(path) != prefix(paths[0]) || path != "none" && strings.TrimPrefix(path, prefix(path)) == "" {
			t.Fatalf("got paths %v", paths)
		}
	}
	return prefix(paths[0])
}

// TestHelmKeepsTheSecret renders the chart beside what the cluster has.
func TestHelmKeepsTheSecret(t *testing.T) {
	s := newTanist(t).serving()
	server := "--dry-run=server"
	random := regexp.MustCompile(`^/[a-z0-9]{40}/$`)

	first, _ := renderedWebhooks(t, s.namespace, server)
	second, _ := renderedWebhooks(t, s.namespace, server)
	if a, b := prefixOf(t, first), prefixOf(t, second); !random.MatchString(a) || !random.MatchString(b) || a == b {
		t.Errorf("a first installation has the secrets %q and %q, want a new one each time", a, b)
	}
	if paths, _ := renderedWebhooks(t, s.namespace); prefixOf(t, paths) != "" {
		t.Errorf("without a cluster there are the paths %v", paths)
	}

	s.install() // without a path
	t.Cleanup(s.uninstall)
	if paths, _ := renderedWebhooks(t, s.namespace, server); prefixOf(t, paths) != "" {
		t.Errorf("an upgrade of an installation without paths has the paths %v", paths)
	}
	s.setPath(config.PathDepartures)
	if paths, _ := renderedWebhooks(t, s.namespace, server); prefixOf(t, paths) != "/" {
		t.Errorf("an upgrade of a former version's installation has the paths %v", paths)
	}
	s.setPath("/" + secret + config.PathDepartures)
	if paths, _ := renderedWebhooks(t, s.namespace, server); prefixOf(t, paths) != "/"+secret+"/" {
		t.Errorf("an upgrade has the paths %v, want the secret that was set", paths)
	}
	if paths, _ := renderedWebhooks(t, s.namespace, server, "--set", "admission.secret="+wrongSecret); prefixOf(t, paths) != "/"+wrongSecret+"/" {
		t.Errorf("with a value there are the paths %v", paths)
	}
}

// setPath sets the path of the first validating webhook.
func (s *serving) setPath(path string) {
	s.t.Helper()
	api := clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	configuration, err := api.Get(s.t.Context(), s.name, metav1.GetOptions{})
	s.must(err)
	configuration.Webhooks[0].ClientConfig.Service.Path = &path
	_, err = api.Update(s.t.Context(), configuration, metav1.UpdateOptions{})
	s.must(err)
}

// uninstall deletes both configurations.
func (s *serving) uninstall() {
	ctx, api := context.WithoutCancel(s.t.Context()), clientset.AdmissionregistrationV1()
	s.must(api.ValidatingWebhookConfigurations().Delete(ctx, s.name, metav1.DeleteOptions{}))
	s.must(api.MutatingWebhookConfigurations().Delete(ctx, s.name, metav1.DeleteOptions{}))
}

// TestApplyingAgainKeepsTheSecret applies the manifest before and after a secret is set, in each of kubectl's ways. Argo CD and Flux apply in
// the same ways.
func TestApplyingAgainKeepsTheSecret(t *testing.T) {
	for name, flag := range map[string]string{"client-side": "--server-side=false", "server-side": "--server-side=true"} {
		t.Run(name, func(t *testing.T) {
			s := newTanist(t).serving()
			target := &testNamespace{t: t, namespace: s.namespace}
			_, manifest := renderedWebhooks(t, s.namespace)
			apply := func() string {
				t.Helper()
				out, err := target.apply(manifest, flag)
				if err != nil {
					t.Fatalf("failed to apply: %v: %s", err, out)
				}
				return out
			}
			apply()
			t.Cleanup(s.uninstall)
			user := kubectl{namespace: s.namespace}
			if out, stderr, err := user.run(t, newRotateSecret, "--tanist-namespace", s.namespace); err != nil {
				t.Fatalf("got %v, %s%s", err, out, stderr)
			}
			paths := func() []string {
				t.Helper()
				validating, err := clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), s.name, metav1.GetOptions{})
				s.must(err)
				mutating, err := clientset.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), s.name, metav1.GetOptions{})
				s.must(err)
				all := pathsIn(validating.Webhooks)
				for _, webhook := range mutating.Webhooks {
					all = append(all, pathsIn([]admissionregistrationv1.ValidatingWebhook{{ClientConfig: webhook.ClientConfig}})...)
				}
				return all
			}
			before := prefixOf(t, paths())
			if out := apply(); strings.Contains(out, "configured") {
				t.Errorf("kubectl changes something each time: %s", out)
			}
			if after := prefixOf(t, paths()); len(after) < 32 || after != before {
				t.Errorf("the manifest replaced %q by %q", before, after)
			}
			if out, stderr, err := user.run(t, newRotateSecret, "--tanist-namespace", s.namespace, "--dry-run=server"); err != nil ||
				strings.Count(out, "(server dry run)") != 2 || prefixOf(t, paths()) != before {
				t.Errorf("a dry run: got %v, %s%s", err, out, stderr)
			}
		})
	}
}
