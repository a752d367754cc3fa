package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/krew/pkg/constants"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// completion is the script by which kubectl completes the plugin's command line.
const completion = "kubectl_complete-tanist"

// writePlugin writes an archive of the plugin for each platform, and the manifest with which krew installs them.
func (r release) writePlugin(binaries []binary, legal []file) error {
	script, err := os.ReadFile(filepath.Join("cmd", plugin, completion))
	if err != nil {
		return err
	}
	sums := map[platform]string{}
	for _, b := range of(binaries, plugin, pluginPlatforms) {
		content, err := os.ReadFile(b.path)
		if err != nil {
			return err
		}
		files := []file{{b.executable(), 0o755, content}}
		if b.os != "windows" { // where no program runs a script of sh
			files = append(files, file{completion, 0o755, script})
		}
		path := filepath.Join(r.out, r.pluginArchive(b.platform))
		if err := writeFile(path, func(out io.Writer) error {
			if b.os == "windows" {
				return writeZip(out, append(files, legal...), r.date)
			}
			return writeTarGz(out, append(files, legal...), r.date)
		}); err != nil {
			return fmt.Errorf("failed to write %s: %w", path, err)
		}
		if sums[b.platform], err = sumOf(path); err != nil {
			return err
		}
	}
	manifest, err := yaml.Marshal(r.krewManifest(sums))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "tanist"+constants.ManifestExtension), manifest, 0o644) // krew asks for the plugin's name
}

// executable is the program's name in the archive.
func (p platform) executable() string {
	if p.os == "windows" {
		return plugin + ".exe"
	}
	return plugin
}

func (r release) pluginArchive(p platform) string {
	extension := "tar.gz"
	if p.os == "windows" {
		extension = "zip"
	}
	return fmt.Sprintf("%s_%s_%s_%s.%s", plugin, r.version, p.os, p.arch, extension)
}

// krewManifest describes the archives with these checksums.
func (r release) krewManifest(sums map[platform]string) index.Plugin {
	manifest := index.Plugin{
		TypeMeta:   metav1.TypeMeta{APIVersion: constants.CurrentAPIVersion, Kind: constants.PluginKind},
		ObjectMeta: metav1.ObjectMeta{Name: "tanist"},
		Spec: index.PluginSpec{
			Version: r.tag(), Homepage: repository,
			ShortDescription: "Show, check and move the leader behind a Service",
			Description: "Tanist keeps one leader pod behind a Service. This plugin shows the\n" +
				"leader, its successor and past hand-overs, checks the installation, hands a\n" +
				"leader over, and measures failovers.\n",
			Caveats: "Most commands need Tanist in the cluster:\n" + repository + "/blob/" + r.tag() + "/docs/installing.md\n",
		},
	}
	for _, p := range pluginPlatforms {
		manifest.Spec.Platforms = append(manifest.Spec.Platforms, index.Platform{
			URI:      repository + "/releases/download/" + r.tag() + "/" + r.pluginArchive(p),
			Sha256:   sums[p],
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"os": p.os, "arch": p.arch}},
			Files:    []index.FileOperation{{From: "*", To: "."}},
			Bin:      p.executable(),
		})
	}
	return manifest
}

func sumOf(path string) (string, error) {
	content, err := os.ReadFile(path)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), err
}
