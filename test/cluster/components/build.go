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
	return dir, current(dir, source).ensure(ctx, names, progress)
}

func (s set) ensure(ctx context.Context, names []string, progress io.Writer) error {
	want, err := s.stamp()
	if err != nil {
		return err
	}
	missing, err := s.plan(want, names)
	if err != nil || missing.empty() {
		return err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the components must be built and there is no go on the PATH: install Go (https://go.dev/dl)")
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "stamps"), 0o755); err != nil {
		return fmt.Errorf("failed to create %s: %w", s.dir, err)
	}
	unlock, err := lock(ctx, filepath.Join(s.dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if missing, err = s.plan(want, names); err != nil || missing.empty() {
		return err // another command has just built them
	}
	return s.build(ctx, missing, want, progress)
}

// build makes what is missing, one after another. A stamp is written last: what an interrupted build left is never taken for whole,
// and what it had finished is not built again.
func (s set) build(ctx context.Context, w work, want string, progress io.Writer) error {
	src := filepath.Join(s.dir, "src")
	if err := s.unpack(src); err != nil {
		return fmt.Errorf("failed to unpack the sources: %w", err)
	}
	fmt.Fprintf(progress, "Building the components of Kubernetes %s into %s (up to ten minutes the first time)\n", s.kubernetes, s.dir)
	finished := func(name string) error { return os.WriteFile(stampFile(s.dir, name), []byte(want), 0o644) }
	for i, c := range w.programs {
		title := fmt.Sprintf("[%2d/%d] %s", i+1, len(w.programs), c.name)
		started := time.Now()
		if err := errors.Join(removeIfThere(stampFile(s.dir, c.name)), s.compile(ctx, src, c, title, progress)); err != nil {
			return err
		}
		if err := finished(c.name); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s: %s\n", title, time.Since(started).Round(time.Second))
	}
	for _, f := range w.folders {
		if err := errors.Join(removeIfThere(stampFile(s.dir, f.name)), copyFromModule(ctx, src, filepath.Join(s.dir, f.name), f.module, f.path)); err != nil {
			return err
		}
		if err := finished(f.name); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the sources to a folder of their own. A module's go.mod cannot be embedded from a folder below another module, so that
// of an older set has another name until then.
func (s set) unpack(src string) error {
	if err := os.RemoveAll(src); err != nil {
		return err
	}
	if err := os.CopyFS(src, s.source); err != nil {
		return err
	}
	for _, extension := range []string{"mod", "sum"} {
		err := os.Rename(filepath.Join(src, olderModule+extension), filepath.Join(src, "go."+extension))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s set) compile(ctx context.Context, src string, c component, title string, progress io.Writer) error {
	output := filepath.Join(s.dir, c.name)
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-ldflags", s.ldflags(), "-o", output+".new", c.pkg)
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if err := runWithProgress(cmd, title, progress); err != nil {
		return fmt.Errorf("failed to build %s: %w", c.name, err)
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
