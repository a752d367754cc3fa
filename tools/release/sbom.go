package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOMs writes a CycloneDX SBOM for each binary. It says which modules the binary contains, as the binary says itself: they differ
// between operating systems.
func (r release) writeSBOMs(ctx context.Context, binaries []binary) error {
	for _, b := range binaries {
		fmt.Fprintf(os.Stderr, "Listing the modules in %s for %s/%s\n", b.program, b.os, b.arch)
		listed, err := output(exec.CommandContext(ctx, "go", "tool", "-modfile=tools/cyclonedx-gomod.mod", "cyclonedx-gomod", "bin",
			"-json", "-std", "-licenses", "-noserial", "-version", r.tag(), b.path))
		if err != nil {
			return err
		}
		sbom, err := r.reproducible([]byte(listed))
		if err != nil {
			return fmt.Errorf("failed to read the SBOM of %s: %w", b.path, err)
		}
		path := filepath.Join(r.out, fmt.Sprintf("%s_%s_%s_%s.cdx.json", b.program, r.version, b.os, b.arch))
		if err := os.WriteFile(path, sbom, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// reproducible replaces the time at which the SBOM was made by the commit's. It removes the checksums of the program that made it, which the go
// command has built on this machine.
func (r release) reproducible(listed []byte) ([]byte, error) {
	var sbom cyclonedx.BOM
	if err := decodeSBOM(listed, &sbom); err != nil {
		return nil, err
	}
	if sbom.Metadata == nil || sbom.Components == nil || len(*sbom.Components) == 0 {
		return nil, errors.New("it has no components")
	}
	sbom.Metadata.Timestamp = r.date.Format(time.RFC3339)
	if tools := sbom.Metadata.Tools; tools != nil && tools.Tools != nil {
		for i := range *tools.Tools {
			(*tools.Tools)[i].Hashes = nil
		}
	}
	var out bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(&sbom)
	return out.Bytes(), err
}

func decodeSBOM(content []byte, sbom *cyclonedx.BOM) error {
	return cyclonedx.NewBOMDecoder(bytes.NewReader(content), cyclonedx.BOMFileFormatJSON).Decode(sbom)
}
