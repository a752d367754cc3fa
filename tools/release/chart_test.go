package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"sigs.k8s.io/yaml"
)

// someDigest is the digest of some image.
var someDigest = v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0123456789abcdef", 4)}

// copied copies the values of the real chart, which a release changes.
func copied(t *testing.T) (path string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "deploy/chart/values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func valuesIn(t *testing.T, path string) (values map[string]any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestTheChartOfAReleaseNamesItsImageAndChangesNothingElse(t *testing.T) {
	path := copied(t)
	want := valuesIn(t, path)
	if err := example(t).setImage(path, someDigest); err != nil {
		t.Fatal(err)
	}
	image := want["image"].(map[string]any)
	image["repository"], image["digest"] = "registry.example.com/team/tanist", someDigest.String()
	if diff := cmp.Diff(want, valuesIn(t, path)); diff != "" {
		t.Errorf("unexpected values (-want +got):\n%s", diff)
	}
}

func TestAChartWhoseImageIsSetAlreadyIsRefused(t *testing.T) {
	path := copied(t)
	if err := example(t).setImage(path, someDigest); err != nil {
		t.Fatal(err)
	}
	err := example(t).setImage(path, someDigest)
	if want := `the chart's values have 0 lines "repository: \"\"", want 1`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}
