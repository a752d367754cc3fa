//go:build chart

package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsASubchart checks that a parent chart can have this one, switch it off with the usual condition, and share values with it.
func TestAsASubchart(t *testing.T) {
	parent := t.TempDir()
	if err := os.CopyFS(filepath.Join(parent, "charts", "tanist"), os.DirFS("chart")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(parent, "Chart.yaml"), []byte(`
apiVersion: v2
name: parent
version: 1.0.0
dependencies: [{name: tanist, version: 0.1.0, condition: tanist.enabled}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for enabled, want := range map[string]bool{"true": true, "false": false} {
		text, err := helm("template", "parent", parent, "--namespace", namespace, "--set", "tanist."+image,
			"--set", "tanist.enabled="+enabled, "--set", "global.imageRegistry=registry.example.com")
		if err != nil {
			t.Fatalf("with tanist.enabled=%s: %v", enabled, err)
		}
		if got := strings.TrimSpace(text) != ""; got != want {
			t.Errorf("with tanist.enabled=%s there are objects: %v", enabled, got)
		}
	}
}
