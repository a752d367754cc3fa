package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/mod/semver"
)

// repository is where the sources are, and where the release is going to be downloaded from.
const repository = "https://github.com/tanist-dev/tanist"

// release is what is the same for all files of a release.
type release struct {
	// version has no v: image tags and charts have none.
	version string
	// registry is the part of the images' names before the last slash.
	registry string
	// out is the folder for the release.
	out string
	// revision is the commit, and date its time, which all files have.
	revision string
	date     time.Time
}

// tag is the version as it is in git.
func (r release) tag() string { return "v" + r.version }

func newRelease(tag, registry, out string) (release, error) {
	// A tag of an image has no plus sign, and semver.Canonical removes what follows one.
	if !semver.IsValid(tag) || semver.Canonical(tag) != tag {
		return release{}, fmt.Errorf("VERSION must be of the form v1.2.3 or v1.2.3-rc.1, got %q", tag)
	}
	if _, err := name.NewRepository(registry+"/tanist", name.StrictValidation); err != nil {
		return release{}, fmt.Errorf("REGISTRY must be of the form registry.example.com/team, got %q: %w", registry, err)
	}
	return release{version: strings.TrimPrefix(tag, "v"), registry: registry, out: out}, nil
}

// readCommit reads which commit is released. It refuses changes that are not committed, because nobody could make that release again.
func (r *release) readCommit(ctx context.Context) error {
	changes, err := output(exec.CommandContext(ctx, "git", "status", "--porcelain"))
	if err != nil {
		return err
	}
	if changes != "" {
		return fmt.Errorf("there are changes that are not committed:\n%s", changes)
	}
	commit, err := output(exec.CommandContext(ctx, "git", "log", "-1", "--format=%H %ct"))
	if err != nil {
		return err
	}
	revision, seconds, _ := strings.Cut(commit, " ")
	since, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("failed to read the time of the commit: %w", err)
	}
	r.revision, r.date = revision, time.Unix(since, 0).UTC()
	return nil
}

// make makes the release. The order is that of what needs what: the chart has the image's digest, install.yaml is the chart, and the
// checksums are of all other files.
func (r release) make(ctx context.Context) error {
	work, err := os.MkdirTemp("", "tanist-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	binaries, err := r.build(ctx, work)
	if err != nil {
		return err
	}
	legal, err := readLegal(".")
	if err != nil {
		return err
	}
	digest, err := r.writeImages(binaries, legal)
	if err != nil {
		return err
	}
	if err := r.writeChart(ctx, filepath.Join(work, "chart"), digest); err != nil {
		return err
	}
	if err := r.writeInstallYAML(ctx); err != nil {
		return err
	}
	if err := r.writePlugin(binaries, legal); err != nil {
		return err
	}
	if err := r.writeSBOMs(ctx, binaries); err != nil {
		return err
	}
	return writeSums(r.out)
}

// output runs a command and returns what it prints, without the end of the last line. An error has what the command said.
func output(cmd *exec.Cmd) (string, error) {
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("failed to run %s: %w: %s", strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}
