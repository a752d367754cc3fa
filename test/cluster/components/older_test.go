package components

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modules is the folder with the modules of the older versions.
const modules = "../kubernetes"

func TestTheModuleOfAnOlderVersionPinsThatVersion(t *testing.T) {
	for minor, version := range older {
		t.Run(minor, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join(modules, minor, olderModule+"mod"))
			if err != nil {
				t.Fatal(err)
			}
			if want := "\tk8s.io/kubernetes " + version + " "; !strings.Contains(string(content), want) {
				t.Errorf("the module does not require %q", want)
			}
			if !strings.HasPrefix(version, "v"+minor+".") {
				t.Errorf("%s is no version of %s", version, minor)
			}
		})
	}
}

func TestAnUnknownVersionIsRefused(t *testing.T) {
	_, err := EnsureOlder(t.Context(), nil, nil, "1.32", nil, os.Stderr)
	if want := "there is no Kubernetes 1.32 to build: it must be one of 1.33"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestTheSourcesOfAnOlderVersionBecomeAModule(t *testing.T) {
	s := set{dir: t.TempDir(), source: os.DirFS(filepath.Join(modules, "1.33"))}
	src := filepath.Join(s.dir, "src")
	if err := s.unpack(src); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if _, err := os.Stat(filepath.Join(src, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatIsNotOlderIsLinked(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "etcd"), []byte("etcd"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time, the link is there
		if err := link(from, to, []string{"etcd"}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(to, "etcd")); err != nil || string(got) != "etcd" {
		t.Errorf("got %q, %v", got, err)
	}
}
