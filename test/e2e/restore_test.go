//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// restoring returns a function that undoes a fault. The test calls it when the fault has lasted long enough. If it fails before, its
// cleanup does.
func restoring(t *testing.T, what string, undo func(context.Context) error) (restore func()) {
	var once sync.Once
	restore = func() {
		t.Helper()
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
			defer cancel()
			if err := undo(ctx); err != nil {
				t.Errorf("failed to restore %s: %v", what, err)
			}
		})
	}
	t.Cleanup(restore)
	return restore
}

// inNode runs a program of this machine in the network namespace that tanist-cluster made for a node.
func inNode(ctx context.Context, node string, command ...string) error {
	out, err := exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/tanist-" + node}, command...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v on %s: %w: %s", command, node, err, out)
	}
	return nil
}
