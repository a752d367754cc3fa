package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// written writes the plugin of a release.
func written(t *testing.T) release {
	t.Helper()
	r, binaries := example(t), played(t)
	t.Chdir(root)
	if err := r.writePlugin(binaries, legal); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKrewAcceptsTheManifest(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(written(t).out, "tanist.yaml")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "validate-krew-manifest", "-skip-install", "-manifest", manifest)
	cmd.Dir = here
	if _, err := output(cmd); err != nil {
		t.Error(err)
	}
}

func TestTheManifestNamesTheArchivesAndTheirChecksums(t *testing.T) {
	r := written(t)
	content, err := os.ReadFile(filepath.Join(r.out, "tanist.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest index.Plugin
	if err := yaml.UnmarshalStrict(content, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "tanist" || manifest.Spec.Version != "v1.2.3" {
		t.Errorf("it is about %s of version %s", manifest.Name, manifest.Spec.Version)
	}
	got := map[string]string{}
	for _, p := range manifest.Spec.Platforms {
		got[p.Selector.MatchLabels["os"]+"/"+p.Selector.MatchLabels["arch"]+": "+p.Bin] = p.URI
		sum, err := sumOf(filepath.Join(r.out, filepath.Base(p.URI)))
		if err != nil || sum != p.Sha256 {
			t.Errorf("the checksum of %s is %s, %v, want %s", p.URI, p.Sha256, err, sum)
		}
	}
	const folder = "https://github.com/tanist-dev/tanist/releases/download/v1.2.3/"
	want := map[string]string{
		"linux/amd64: kubectl-tanist":       folder + "kubectl-tanist_1.2.3_linux_amd64.tar.gz",
		"linux/arm64: kubectl-tanist":       folder + "kubectl-tanist_1.2.3_linux_arm64.tar.gz",
		"darwin/amd64: kubectl-tanist":      folder + "kubectl-tanist_1.2.3_darwin_amd64.tar.gz",
		"darwin/arm64: kubectl-tanist":      folder + "kubectl-tanist_1.2.3_darwin_arm64.tar.gz",
		"windows/amd64: kubectl-tanist.exe": folder + "kubectl-tanist_1.2.3_windows_amd64.zip",
		"windows/arm64: kubectl-tanist.exe": folder + "kubectl-tanist_1.2.3_windows_arm64.zip",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected archives (-want +got):\n%s", diff)
	}
}

func TestAnArchiveHasThePluginAndItsLicences(t *testing.T) {
	r := written(t)
	content, err := os.ReadFile(filepath.Join(r.out, "kubectl-tanist_1.2.3_windows_amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{"kubectl-tanist.exe", "kubectl-tanist for windows/amd64", 0o755, r.date}, {"LICENSE", "licence", 0o644, r.date},
		{"NOTICE", "notice", 0o644, r.date}, {"THIRD_PARTY", "others", 0o644, r.date},
	}
	if diff := cmp.Diff(want, unzip(t, content)); diff != "" {
		t.Errorf("unexpected files (-want +got):\n%s", diff)
	}
}
