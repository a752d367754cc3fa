package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// chartFile is the packaged chart.
func (r release) chartFile() string {
	return filepath.Join(r.out, controller+"-"+r.version+".tgz")
}

// writeChart packages the chart. Its default values name the release's image, with the digest.
func (r release) writeChart(ctx context.Context, folder string, digest v1.Hash) error {
	if err := os.CopyFS(folder, os.DirFS("deploy/chart")); err != nil {
		return fmt.Errorf("failed to copy the chart: %w", err)
	}
	if err := r.setImage(filepath.Join(folder, "values.yaml"), digest); err != nil {
		return err
	}
	if err := setTimes(folder, r.date); err != nil { // Helm packages files with their times
		return err
	}
	_, err := output(exec.CommandContext(ctx, "go", "tool", "-modfile=tools/helm.mod", "helm", "package", folder,
		"--version", r.version, "--app-version", r.version, "--destination", r.out))
	return err
}

// setImage replaces two lines of the chart's values. It keeps the comments, for those who read the values of a release.
func (r release) setImage(path string, digest v1.Hash) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(content)
	for _, line := range [][2]string{
		{"\n  repository: \"\"\n", "\n  repository: " + r.registry + "/" + controller + "\n"},
		{"\n  digest: \"\"\n", "\n  digest: " + digest.String() + "\n"},
	} {
		if n := strings.Count(text, line[0]); n != 1 {
			return fmt.Errorf("the chart's values have %d lines %q, want 1", n, strings.TrimSpace(line[0]))
		}
		text = strings.Replace(text, line[0], line[1], 1)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func setTimes(folder string, date time.Time) error {
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, date, date)
	})
}

// writeInstallYAML renders the packaged chart.
func (r release) writeInstallYAML(ctx context.Context) error {
	manifests, err := output(exec.CommandContext(ctx, "scripts/render-install.sh", r.chartFile()))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "install.yaml"), []byte(manifests+"\n"), 0o644)
}
