//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestKubectlCompletes runs the script as kubectl does, with a plugin that prints its arguments.
func TestKubectlCompletes(t *testing.T) {
	dir := t.TempDir()
	plugin := "#!/bin/sh\nprintf '%s|' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "kubectl-tanist"), []byte(plugin), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := exec.CommandContext(t.Context(), "./kubectl_complete-tanist", "explain", "-n", "a b", "").Output()
	if want := "__complete|explain|-n|a b||"; err != nil || string(out) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
}
