package main

import (
	"os"
	"path/filepath"
	"testing"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
)

// TestTheSameCommitMakesTheSameRelease compares the checksums of what is made in two different folders.
func TestTheSameCommitMakesTheSameRelease(t *testing.T) {
	t.Chdir(root)
	var sums []string
	for range 2 {
		r, binaries := example(t), played(t)
		if _, err := r.writeImages(binaries, legal); err != nil {
			t.Fatal(err)
		}
		if err := r.writePlugin(binaries, legal); err != nil {
			t.Fatal(err)
		}
		if err := writeSums(r.out); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(r.out, sumsFile))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, string(content))
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		t.Errorf("the second release differs (-first +second):\n%s", diff)
	}
}

func TestAnSBOMSaysNothingOfWhenAndWhereItWasMade(t *testing.T) {
	r := example(t)
	listed := `{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": {"timestamp": "2001-01-01T00:00:00Z",
			"tools": [{"vendor": "CycloneDX", "name": "cyclonedx-gomod", "version": "v1.10.0", "hashes": [{"alg": "MD5", "content": "f6e4dd5c1dcf9e026dcda5ef83d9bcee"}]}],
			"component": {"type": "application", "name": "github.com/tanist-dev/tanist"}},
		"components": [{"type": "library", "name": "example.com/module", "version": "v1.0.0"}]}`
	sbom, err := r.reproducible([]byte(listed))
	if err != nil {
		t.Fatal(err)
	}
	var got cyclonedx.BOM
	if err := decodeSBOM(sbom, &got); err != nil {
		t.Fatal(err)
	}
	if got.Metadata.Timestamp != "2026-11-27T12:30:00Z" || got.Metadata.Component.Name != "github.com/tanist-dev/tanist" || len(*got.Components) != 1 {
		t.Errorf("got %s", sbom)
	}
	if tools := *got.Metadata.Tools.Tools; len(tools) != 1 || tools[0].Version != "v1.10.0" || tools[0].Hashes != nil {
		t.Errorf("it was made by %+v", tools)
	}
}

func TestAnSBOMWithoutComponentsIsNone(t *testing.T) {
	_, err := example(t).reproducible([]byte(`{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}`))
	if err == nil || err.Error() != "it has no components" {
		t.Errorf("got error %v", err)
	}
}
