package components

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// work is what must be built.
type work struct {
	programs []component
	folders  []folder
}

func (w work) empty() bool { return len(w.programs)+len(w.folders) == 0 }

// plan picks from the named components, or from all, those whose stamp is not the wanted one.
func (s set) plan(want string, names []string) (missing work, err error) {
	unknown := map[string]bool{}
	for _, name := range names {
		unknown[name] = true
	}
	needed := func(name string) bool {
		named := len(names) == 0 || unknown[name]
		delete(unknown, name)
		have, err := os.ReadFile(stampFile(s.dir, name))
		return named && (err != nil || string(have) != want)
	}
	for _, c := range s.programs {
		if needed(c.name) {
			missing.programs = append(missing.programs, c)
		}
	}
	for _, f := range s.folders {
		if needed(f.name) {
			missing.folders = append(missing.folders, f)
		}
	}
	if len(unknown) > 0 {
		return work{}, fmt.Errorf("there is no component %s", strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
	}
	return missing, nil
}

// stampFile holds what a component was built from.
func stampFile(dir, name string) string { return filepath.Join(dir, "stamps", name) }

// stamp names what the components are built from: the sources, the flags and the compiler.
func (s set) stamp() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOARCH, s.ldflags(), s.programs, s.folders)
	err := fs.WalkDir(s.source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(s.source, path)
		fmt.Fprintln(sum, path, len(content))
		sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}
