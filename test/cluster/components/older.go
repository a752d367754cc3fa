package components

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// older are the versions of Kubernetes that tests can use besides KubernetesVersion, by their minor version. The file
// kubernetes/<minor>/module.mod pins the modules to it.
var older = map[string]string{"1.33": "v1.33.13"}

// olderModule is the name of the go.mod and the go.sum of an older version, without the extension.
const olderModule = "module."

// olderPrograms are what is built of an older version: what answers requests, and what acts on objects. Everything else that a test needs
// is that of KubernetesVersion.
var olderPrograms = []component{
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
}

// EnsureOlder builds the older programs of a version such as 1.33 into a folder of their own, and links the other named components into it.
// The folder has no component but these. olderSources has the modules of all older versions.
func EnsureOlder(ctx context.Context, source, olderSources fs.FS, minor string, names []string, progress io.Writer) (string, error) {
	version, known := older[minor]
	if !known {
		return "", fmt.Errorf("there is no Kubernetes %s to build: it must be one of %s", minor, strings.Join(slices.Sorted(maps.Keys(older)), ", "))
	}
	module, err := fs.Sub(olderSources, "kubernetes/"+minor)
	if err != nil {
		return "", fmt.Errorf("failed to find the module of Kubernetes %s: %w", minor, err)
	}
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	others := slices.DeleteFunc(slices.Clone(names), isOlderProgram)
	if len(others) > 0 { // none would mean all
		if _, err := Ensure(ctx, source, others, progress); err != nil {
			return "", err
		}
	}
	s := set{dir: dir + "-" + minor, kubernetes: version, source: module, programs: olderPrograms}
	if err := s.ensure(ctx, nil, progress); err != nil {
		return "", err
	}
	return s.dir, link(dir, s.dir, others)
}

func isOlderProgram(name string) bool {
	return slices.ContainsFunc(olderPrograms, func(c component) bool { return c.name == name })
}

func link(from, to string, names []string) error {
	for _, name := range names {
		path := filepath.Join(to, name)
		if err := removeIfThere(path); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join(from, name), path); err != nil {
			return fmt.Errorf("failed to link %s: %w", name, err)
		}
	}
	return nil
}
