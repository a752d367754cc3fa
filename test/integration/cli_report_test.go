//go:build integration

package integration_test

import (
	"archive/zip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/report"
)

func newReport(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return report.NewCommand(k, streams, "v0.1.0")
}

// reports writes a report, and returns its files and what was printed.
func (k kubectl) reports(t *testing.T, installation *tanist) (files map[string]string, printed string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "it.zip")
	out, stderr, err := k.run(t, newReport, "-o", name, "--tanist-namespace", installation.namespace)
	if err != nil {
		t.Fatalf("report failed: %v\n%s", err, stderr)
	}
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files = map[string]string{}
	for _, file := range archive.File {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[file.Name] = string(text)
	}
	return files, out
}

func TestReportHasWhatItsUserMayRead(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", func(pod *corev1.Pod) {
		pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "PASSWORD", Value: "hush-hush"}}
		pod.Annotations = map[string]string{"example.com/token": "hush-hush"}
	})
	s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.follows("web-leader", "a", "b")

	files, printed := kubectl{namespace: s.namespace}.reports(t, installation)
	for name, part := range map[string]string{
		"versions.json":      `"server": "v1.`,
		"doctor.json":        `"kind": "Diagnosis"`,
		"leaders.json":       `"successor": "b"`,
		"tanist/leases.json": `"holderIdentity"`,
		"namespaces/" + s.namespace + "/services.json":       `"name": "web-leader"`,
		"namespaces/" + s.namespace + "/endpointslices.json": `"name": "web-leader-ipv4"`,
		"namespaces/" + s.namespace + "/pods.json":           `"example.com/token"`,
	} {
		if !strings.Contains(files[name], part) || !strings.Contains(printed, name) {
			t.Errorf("%s does not say %s, or is not printed: %s\n%s", name, part, files[name], printed)
		}
	}
	for name, text := range files {
		if strings.Contains(text, "hush-hush") {
			t.Errorf("%s has a secret:\n%s", name, text)
		}
	}

	s.allow("viewer", rbacv1.PolicyRule{APIGroups: []string{"", "discovery.k8s.io"}, Resources: []string{"services", "endpointslices"}, Verbs: []string{"get", "list"}})
	files, printed = kubectl{namespace: s.namespace, user: "viewer"}.reports(t, installation)
	if !strings.Contains(files["leaders.json"], `"name": "a"`) {
		t.Errorf("got %s", files["leaders.json"])
	}
	if want := `- pods: you have no permission: pods is forbidden: User "viewer" cannot list resource "pods"`; !strings.Contains(printed, want) {
		t.Errorf("got %s, want %s", printed, want)
	}
}
