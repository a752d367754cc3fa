package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tanist-dev/tanist/test/cluster/controlplane"
	"github.com/tanist-dev/tanist/test/cluster/process"
)

// Prepare makes the node's network and starts its containerd with the given images: all that needs no API server.
func (n Node) Prepare(ctx context.Context, nodes int, images []string) error {
	if err := n.Clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(n.Dir(), 0o755); err != nil {
		return err
	}
	if err := n.setUpNetwork(nodes); err != nil {
		return err
	}
	if err := n.createCgroup(); err != nil {
		return err
	}
	if err := n.startContainerd(ctx); err != nil {
		return err
	}
	for _, image := range images {
		if err := n.LoadImage(ctx, image); err != nil {
			return err
		}
	}
	return nil
}

// Join starts the kubelet and kube-proxy, which make it a node of the cluster.
func (n Node) Join(cp controlplane.Config) error {
	return errors.Join(n.startKubelet(cp), n.startProxy(cp))
}

// Kill takes the power away: no process can do anything before it ends.
func (n Node) Kill(ctx context.Context) error {
	// The link first: otherwise the API server would hear of a process that dies while others live.
	if err := n.setLink(false); err != nil {
		return err
	}
	return process.Kill(ctx, n.Cluster, process.OfNode(n.Name()))
}

// stopTimeout is how long a machine gives its programs to end when it shuts down.
const stopTimeout = 10 * time.Second

// Stop shuts the machine down: first the kubelet, so that it starts nothing again, then the containers, then the rest.
func (n Node) Stop(ctx context.Context) error {
	mine := process.OfNode(n.Name())
	steps := []func(process.Process) bool{
		func(p process.Process) bool { return mine(p) && p.Name == "kubelet" },
		func(p process.Process) bool { return mine(p) && p.Container },
		mine,
	}
	for _, match := range steps {
		if err := process.Terminate(ctx, n.Cluster, match, stopTimeout); err != nil {
			return fmt.Errorf("failed to stop %s: %w", n.Name(), err)
		}
	}
	return n.setLink(false)
}
