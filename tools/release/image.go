package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is a number other than 0, which runAsNonRoot and OpenShift ask for.
const user = "65532:65532"

// index makes the image of a program for several platforms. The images have nothing but the program, and the licences that it must
// come with.
func (r release) index(program string, binaries []binary, legal []file) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range binaries {
		img, err := r.image(b, legal)
		if err != nil {
			return nil, fmt.Errorf("failed to make the image of %s for %s/%s: %w", b.program, b.os, b.arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: untyped{img}, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: b.os, Architecture: b.arch}},
		})
	}
	return mutate.Annotations(index, r.labels(program)).(v1.ImageIndex), nil
}

// untyped is an image whose entry in an index has no artifact type. The library would write the type of the configuration there. That is
// allowed, but skopeo as in Debian 12 drops it, and so changes the digest of what it copies.
type untyped struct{ v1.Image }

// ArtifactType is what the library asks for.
func (untyped) ArtifactType() (string, error) { return "", nil }

func (r release) image(b binary, legal []file) (v1.Image, error) {
	content, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	files := []file{{b.program, 0o755, content}}
	for _, f := range legal {
		files = append(files, file{"licenses/" + f.name, f.mode, f.content})
	}
	var layer bytes.Buffer
	if err := writeTar(&layer, files, r.date); err != nil {
		return nil, err
	}
	compressed, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(layer.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: compressed, History: v1.History{Created: v1.Time{Time: r.date}, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = b.os, b.arch, v1.Time{Time: r.date}
	config.Config = v1.Config{Entrypoint: []string{"/" + b.program}, User: user, WorkingDir: "/", Labels: r.labels(b.program)}
	return mutate.ConfigFile(img, config)
}

// labels are the annotations that the OCI's specification of images predefines. An image has them as labels, and an index as annotations.
func (r release) labels(program string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    program,
		"org.opencontainers.image.version":  r.version,
		"org.opencontainers.image.revision": r.revision,
		"org.opencontainers.image.created":  r.date.Format(time.RFC3339),
		"org.opencontainers.image.source":   repository,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
}
