package components

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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

// Ensure builds what is missing or was built from other versions, and says on progress what it is at. With nothing to do it
// returns at once.
func Ensure(ctx context.Context, source fs.FS, progress io.Writer) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	want, err := stamp(source)
	if err != nil {
		return "", err
	}
	stampFile := filepath.Join(dir, "stamp")
	if have, err := os.ReadFile(stampFile); err == nil && string(have) == want {
		return dir, nil
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the components must be built and there is no go on the PATH: install Go (https://go.dev/dl)")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("failed to create %s: %w", dir, err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if have, err := os.ReadFile(stampFile); err == nil && string(have) == want {
		return dir, nil // somebody else has just built them
	}
	// The stamp is written last: what an interrupted build left is never taken for whole.
	if err := errors.Join(removeIfThere(stampFile), build(ctx, source, dir, progress)); err != nil {
		return "", err
	}
	return dir, os.WriteFile(stampFile, []byte(want), 0o644)
}

func build(ctx context.Context, source fs.FS, dir string, progress io.Writer) error {
	src := filepath.Join(dir, "src")
	if err := os.RemoveAll(src); err != nil {
		return err
	}
	if err := os.CopyFS(src, source); err != nil {
		return fmt.Errorf("failed to unpack the sources: %w", err)
	}
	fmt.Fprintf(progress, "Building the components of Kubernetes %s into %s (about ten minutes the first time)\n", KubernetesVersion, dir)
	for i, c := range list {
		title := fmt.Sprintf("[%2d/%d] %s", i+1, len(list), c.name)
		started := time.Now()
		if err := compile(ctx, src, filepath.Join(dir, c.name), c.pkg, title, progress); err != nil {
			return err
		}
		fmt.Fprintf(progress, "%s: %s\n", title, time.Since(started).Round(time.Second))
	}
	for _, d := range data {
		if err := copyFromModule(ctx, src, filepath.Join(dir, d.name), d.module, d.path); err != nil {
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

// stamp names what the components are built from: the sources, the flags and the compiler.
func stamp(source fs.FS) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOARCH, ldflags, list, data)
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(source, path)
		fmt.Fprintln(sum, path, len(content))
		sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
