package main

import (
	"os"
	"path/filepath"
	"strings"
)

// sumsFile has the checksums of all other files.
const sumsFile = "SHA256SUMS"

// writeSums writes what "sha256sum --check" reads.
func writeSums(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, entry := range entries {
		sum, err := sumOf(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		sums.WriteString(sum + "  " + entry.Name() + "\n")
	}
	return os.WriteFile(filepath.Join(folder, sumsFile), []byte(sums.String()), 0o644)
}
