package env

import (
	"context"
	"fmt"
	"os/exec"
)

// InNode runs a program of this machine in the network namespace that tanist-cluster made for a node.
func InNode(ctx context.Context, node string, command ...string) error {
	out, err := exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/tanist-" + node}, command...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v on %s: %w: %s", command, node, err, out)
	}
	return nil
}
