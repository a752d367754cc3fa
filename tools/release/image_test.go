package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// unpacked writes the images of a release, and reads the controller's from its archive.
func unpacked(t *testing.T, r release) (digest v1.Hash, outer *v1.IndexManifest, index v1.ImageIndex) {
	t.Helper()
	digest, err := r.writeImages(played(t), legal)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(filepath.Join(r.out, "tanist-1.2.3-image.tar"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, f := range untar(t, bytes.NewReader(archive)) {
		path := filepath.Join(folder, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.Content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if outer, err = all.IndexManifest(); err != nil || len(outer.Manifests) != 1 {
		t.Fatalf("the archive refers to %v, %v, want one index", outer, err)
	}
	if index, err = all.ImageIndex(outer.Manifests[0].Digest); err != nil {
		t.Fatal(err)
	}
	return digest, outer, index
}

func TestTheArchiveHasAnImageForEachPlatform(t *testing.T) {
	r := example(t)
	digest, outer, index := unpacked(t, r)
	if outer.Manifests[0].Digest != digest {
		t.Errorf("the archive refers to %s, want %s", outer.Manifests[0].Digest, digest)
	}
	names := map[string]string{
		"org.opencontainers.image.ref.name": "1.2.3", "io.containerd.image.name": "registry.example.com/team/tanist:1.2.3",
	}
	if diff := cmp.Diff(names, outer.Manifests[0].Annotations); diff != "" {
		t.Errorf("unexpected names (-want +got):\n%s", diff)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		if m.ArtifactType != "" {
			t.Errorf("%s has the artifact type %q, want none", m.Platform, m.ArtifactType)
		}
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("unexpected platforms (-want +got):\n%s", diff)
	}
	listed, err := os.ReadFile(filepath.Join(r.out, "images.txt"))
	if want := "registry.example.com/team/tanist:1.2.3@" + digest.String() + "\n"; err != nil || !strings.HasPrefix(string(listed), want) {
		t.Errorf("got %q, %v, want %q first", listed, err, want)
	}
}

func TestAnImageHasTheProgramAndItsLicences(t *testing.T) {
	r := example(t)
	_, _, index := unpacked(t, r)
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(manifest.Manifests[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{Entrypoint: []string{"/tanist"}, User: "65532:65532", WorkingDir: "/", Labels: map[string]string{
		"org.opencontainers.image.title":    "tanist",
		"org.opencontainers.image.version":  "1.2.3",
		"org.opencontainers.image.revision": "0123456789abcdef0123456789abcdef01234567",
		"org.opencontainers.image.created":  "2026-11-27T12:30:00Z",
		"org.opencontainers.image.source":   "https://github.com/tanist-dev/tanist",
		"org.opencontainers.image.licenses": "Apache-2.0",
	}}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("unexpected configuration (-want +got):\n%s", diff)
	}
	if config.OS != "linux" || config.Architecture != "arm64" || !config.Created.Equal(r.date) {
		t.Errorf("the image is for %s/%s, of %s", config.OS, config.Architecture, config.Created)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("got %d layers, %v, want 1", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	files := []entry{
		{"tanist", "tanist for linux/arm64", 0o755, r.date}, {"licenses/LICENSE", "licence", 0o644, r.date},
		{"licenses/NOTICE", "notice", 0o644, r.date}, {"licenses/THIRD_PARTY", "others", 0o644, r.date},
	}
	if diff := cmp.Diff(files, untar(t, content)); diff != "" {
		t.Errorf("unexpected files (-want +got):\n%s", diff)
	}
}
