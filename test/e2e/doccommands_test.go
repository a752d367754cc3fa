//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/docs/commands"
	"github.com/tanist-dev/tanist/test/env"
)

// TestDocCommands runs the commands of the documentation, page by page, as a reader does: each block in a shell that ends at the first error.
// Package commands says what a page needs, which commands do not run, and what must be printed.
func TestDocCommands(t *testing.T) {
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	awaitNoOtherLeaders(t, client)
	shell := readersShell(t)
	t.Cleanup(func() {
		if output, err := shell(context.WithoutCancel(t.Context()), commands.CleanUp); err != nil {
			t.Errorf("failed to clean up: %v\n%s", err, output)
		}
	})
	table := commands.Documentation
	for _, page := range slices.Sorted(maps.Keys(table.Pages)) {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := commands.Extract(page, string(text))
		if err != nil {
			t.Fatal(err)
		}
		blocks = slices.DeleteFunc(blocks, func(block commands.Block) bool { return table.Script(block) == "" })
		if len(blocks) == 0 {
			continue
		}
		t.Run(page, func(t *testing.T) {
			if output, err := shell(t.Context(), "set -e\n"+table.Pages[page].Scene); err != nil {
				t.Fatalf("%s: what the page speaks of cannot be made: %v\n%s", page, err, output)
			}
			for _, block := range blocks {
				output, err := shell(t.Context(), table.Script(block))
				for _, problem := range table.Judge(block, output, err) {
					t.Error(problem)
				}
			}
		})
	}
}

// readersShell returns a function that runs a script with kubectl, the plugin and Helm, in a folder with what the repository has. Files that a
// script writes are gone after the test.
func readersShell(t *testing.T) func(ctx context.Context, script string) (output string, err error) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	folder, programs := t.TempDir(), t.TempDir()
	entries, err := os.ReadDir(root)
	for _, entry := range entries {
		err = errors.Join(err, os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(folder, entry.Name())))
	}
	// With -n it prints the path of the program, which is faster to run than "go tool" each time.
	helm, helmErr := exec.CommandContext(t.Context(), "go", "-C", root, "tool", "-modfile="+filepath.Join(root, "tools/helm.mod"), "-n", "helm").Output()
	err = errors.Join(err, helmErr, os.Symlink(strings.TrimSpace(string(helm)), filepath.Join(programs, "helm")))
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, script string) (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, env.Timeout, fmt.Errorf("it has not ended within %v", env.Timeout))
		defer cancel()
		bash := exec.CommandContext(ctx, "bash", "-c", script)
		bash.Dir, bash.Env = folder, append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"))
		bash.WaitDelay = time.Second // what bash has started keeps the output open
		output, err := bash.CombinedOutput()
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return string(output), err
	}
}

// awaitNoOtherLeaders waits until the namespaces of other tests are gone. Some commands move all leaders of a node, or check all Services.
func awaitNoOtherLeaders(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	env.Eventually(t, "no other namespace has opted in", func(ctx context.Context) error {
		namespaces, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: config.EnabledKey})
		if err == nil && len(namespaces.Items) > 0 {
			err = fmt.Errorf("%s is there", namespaces.Items[0].Name)
		}
		return err
	})
}
