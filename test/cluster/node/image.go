package node

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// WriteImage makes an image from scratch of static binaries, the first of which it starts, and writes it as an archive that containerd
// can import.
func WriteImage(path, ref string, binaries ...string) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return fmt.Errorf("the image's name %q is not of the form REPOSITORY:TAG: %w", ref, err)
	}
	img, err := fromScratch(binaries)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := tarball.WriteToFile(path, tag, img); err != nil {
		return fmt.Errorf("failed to write the image %s: %w", ref, err)
	}
	return nil
}

func fromScratch(binaries []string) (v1.Image, error) {
	content, err := layerOf(binaries)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		return nil, fmt.Errorf("failed to make the image's layer: %w", err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, fmt.Errorf("failed to make the image: %w", err)
	}
	conf, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("failed to read the image's configuration: %w", err)
	}
	conf = conf.DeepCopy()
	conf.OS, conf.Architecture = "linux", runtime.GOARCH
	conf.Config.Entrypoint = []string{"/" + filepath.Base(binaries[0])}
	return mutate.ConfigFile(img, conf)
}

func layerOf(binaries []string) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, path := range binaries {
		if err := checkStatic(path); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Name: filepath.Base(path), Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// checkStatic refuses what could not start in an image that holds nothing else.
func checkStatic(path string) error {
	file, err := elf.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return fmt.Errorf("%s is not a Linux program: %w", path, err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is linked dynamically and would not start in an image from scratch: build it with CGO_ENABLED=0", path)
		}
	}
	return nil
}
