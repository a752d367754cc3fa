package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// root is the repository's folder.
const root = "../.."

// legal are what a binary must come with.
var legal = []file{{"LICENSE", 0o644, []byte("licence")}, {"NOTICE", 0o644, []byte("notice")}, {"THIRD_PARTY", 0o644, []byte("others")}}

// example is a release into a folder of the test.
func example(t *testing.T) release {
	t.Helper()
	return release{
		version: "1.2.3", registry: "registry.example.com/team", out: t.TempDir(),
		revision: "0123456789abcdef0123456789abcdef01234567", date: time.Date(2026, 11, 27, 12, 30, 0, 0, time.UTC),
	}
}

// played are files in place of the binaries of a release.
func played(t *testing.T) []binary {
	t.Helper()
	folder, binaries := t.TempDir(), wanted()
	for i := range binaries {
		b := &binaries[i]
		b.path = filepath.Join(folder, b.program+b.os+b.arch)
		if err := os.WriteFile(b.path, []byte(b.program+" for "+b.os+"/"+b.arch), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return binaries
}
