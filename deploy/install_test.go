//go:build chart

package deploy_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestInstallYAML checks that install.yaml is what the chart renders.
func TestInstallYAML(t *testing.T) {
	want, err := exec.CommandContext(t.Context(), "../scripts/render-install.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("install.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("install.yaml is older than the chart: run \"make install.yaml\" (-chart +committed):\n%s", diff)
	}
	level := get[*corev1.Namespace](t, decode(t, string(got)), namespace).Labels["pod-security.kubernetes.io/enforce"]
	if level != "restricted" {
		t.Errorf("the namespace enforces Pod Security level %q", level)
	}
}
