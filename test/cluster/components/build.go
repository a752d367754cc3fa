package components

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Dir is where the components are: $XDG_CACHE_HOME/tanist/components (~/.cache without it).
func Dir() (string, error) {
	cache, err := CacheDir()
	return filepath.Join(cache, "components"), err
}

// CacheDir is the folder for all that Tanist's tests keep on a machine.
func CacheDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("failed to find the cache folder (set XDG_CACHE_HOME or HOME): %w", err)
	}
	return filepath.Join(cache, "tanist"), nil
}

// Ensure builds those components that are missing or were built from other versions, and says on progress what it is at; without
// names, all. With nothing to do it returns at once.
func Ensure(ctx context.Context, source fs.FS, names []string, progress io.Writer) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	want, err := stamp(source)
	if err != nil {
		return "", err
	}
	missing, err := plan(dir, want, names)
	if err != nil || missing.empty() {
		return dir, err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the components must be built and there is no go on the PATH: install Go (https://go.dev/dl)")
	}
	if err := os.MkdirAll(filepath.Join(dir, "stamps"), 0o755); err != nil {
		return "", fmt.Errorf("failed to create %s: %w", dir, err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if missing, err = plan(dir, want, names); err != nil || missing.empty() {
		return dir, err // another command has just built them
	}
	return dir, missing.build(ctx, source, dir, want, progress)
}

// build makes what is missing, one after another. A stamp is written last: what an interrupted build left is never taken for whole,
// and what it had finished is not built again.
func (w work) build(ctx context.Context, source fs.FS, dir, want string, progress io.Writer) error {
	src := filepath.Join(dir, "src")
	if err := os.RemoveAll(src); err != nil {
		return err
	}
	if err := os.CopyFS(src, source); err != nil {
		return fmt.Errorf("failed to unpack the sources: %w", err)
	}
	fmt.Fprintf(progress, "Building the components of Kubernetes %s into %s (up to ten minutes the first time)\n", KubernetesVersion, dir)
	finished := func(name string) error { return os.WriteFile(stampFile(dir, name), []byte(want), 0o644) }
	for i, c := range w.programs {
		title := fmt.Sprintf("[%2d/%d] %s", i+1, len(w.programs), c.name)
		started := time.Now()
		if err := errors.Join(removeIfThere(stampFile(dir, c.name)), compile(ctx, src, filepath.Join(dir, c.name), c.pkg, title, progress)); err != nil {
			return err
		}
		if err := finished(c.name); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s: %s\n", title, time.Since(started).Round(time.Second))
	}
	for _, f := range w.folders {
		if err := errors.Join(removeIfThere(stampFile(dir, f.name)), copyFromModule(ctx, src, filepath.Join(dir, f.name), f.module, f.path)); err != nil {
			return err
		}
		if err := finished(f.name); err != nil {
			return err
		}
	}
	return nil
}

func compile(ctx context.Context, src, output, pkg, title string, progress io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-ldflags", ldflags, "-o", output+".new", pkg)
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if err := runWithProgress(cmd, title, progress); err != nil {
		return fmt.Errorf("failed to build %s: %w", filepath.Base(output), err)
	}
	// Renamed into place: a cluster that runs the old one keeps its file.
	return os.Rename(output+".new", output)
}

func copyFromModule(ctx context.Context, src, target, module, path string) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("failed to find the module %s: %w", module, err)
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := os.CopyFS(target, os.DirFS(filepath.Join(strings.TrimSpace(string(out)), path))); err != nil {
		return fmt.Errorf("failed to copy %s of %s: %w", path, module, err)
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
