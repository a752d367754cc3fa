package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// writeImages writes an archive for each of the two images, and their names with their digests to images.txt. It returns the digest of
// the controller's. The plugin has an image because its command bench runs pods of it.
func (r release) writeImages(binaries []binary, legal []file) (digest v1.Hash, err error) {
	var names strings.Builder
	for _, program := range []string{controller, plugin} {
		index, err := r.index(program, of(binaries, program, imagePlatforms), legal)
		if err != nil {
			return v1.Hash{}, err
		}
		its, err := index.Digest()
		if err != nil {
			return v1.Hash{}, err
		}
		if program == controller {
			digest = its
		}
		if err := r.writeArchive(program, index); err != nil {
			return v1.Hash{}, fmt.Errorf("failed to write the archive of the image %s: %w", program, err)
		}
		fmt.Fprintf(&names, "%s@%s\n", r.imageName(program), its)
	}
	return digest, os.WriteFile(filepath.Join(r.out, "images.txt"), []byte(names.String()), 0o644)
}

func (r release) imageName(program string) string {
	return r.registry + "/" + program + ":" + r.version
}

// writeArchive writes an OCI archive, which is a tar file of an OCI image layout. The layout refers to the index alone, so that tools find it
// without a name. skopeo finds it by the tag as well, and containerd names the image as the second annotation says.
func (r release) writeArchive(program string, index v1.ImageIndex) error {
	folder, err := os.MkdirTemp("", "tanist-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": r.version,
		"io.containerd.image.name":          r.imageName(program),
	})); err != nil {
		return err
	}
	files, err := filesBelow(folder)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, fmt.Sprintf("%s-%s-image.tar", program, r.version)), func(out io.Writer) error {
		return writeTar(out, files, r.date)
	})
}

// filesBelow reads all files of a folder, in the order of their names.
func filesBelow(folder string) (files []file, err error) {
	root := os.DirFS(folder)
	err = fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, path)
		files = append(files, file{path, 0o644, content})
		return err
	})
	return files, err
}
