package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tanist-dev/tanist/test/cluster/node"
	"github.com/tanist-dev/tanist/test/cluster/process"
)

// Down ends the cluster's processes and removes all that it made. It is the same for a healthy cluster and for the remains of
// one: nothing is asked to end in order, since nothing of it is kept.
func (c *Cluster) Down(ctx context.Context) error {
	if c.Nodes > 0 && os.Geteuid() != 0 {
		return fmt.Errorf("cluster %q has real nodes: removing them needs root", c.Name)
	}
	if err := process.Kill(ctx, c.Dir, process.Any); err != nil {
		return fmt.Errorf("failed to end the cluster's processes: %w", err)
	}
	if c.Nodes > 0 {
		if err := errors.Join(node.RemoveRules(ctx, c.Components, c.HostTables), node.RemoveAll(c.Dir)); err != nil {
			return err
		}
	}
	return os.RemoveAll(c.Dir)
}

// DownCommand is what removes the cluster of that name, and no other.
func DownCommand(name string) string { return fmt.Sprintf("bin/tanist-cluster --name %s down", name) }

// clearTheWay removes a cluster that was killed, and refuses to touch one that lives.
func clearTheWay(ctx context.Context, name string, options Options, out io.Writer) error {
	c, err := Open(name)
	if errors.Is(err, ErrNoCluster) {
		return refuseSecondRealCluster(name, options)
	}
	if err != nil {
		return err
	}
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	switch status.Health {
	case Dead:
		fmt.Fprintf(out, "Removing what is left of cluster %q, which was killed\n", name)
		return c.Down(ctx)
	case HalfDead:
		return fmt.Errorf("cluster %q is half dead (%s): remove it first, with \"%s\"", name, status.Detail, DownCommand(name))
	default:
		return fmt.Errorf("cluster %q is already up (KUBECONFIG=%s): use it, or remove it first, with \"%s\"", name, c.Kubeconfig(), DownCommand(name))
	}
}

// refuseSecondRealCluster: the nodes' networks are fixed, so a machine has room for one cluster with real nodes.
func refuseSecondRealCluster(name string, options Options) error {
	if options.Nodes == 0 {
		return nil
	}
	others, err := List()
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Name != name && other.Nodes > 0 {
			return realNodesError{fmt.Errorf("cluster %q already has real nodes, and a machine has room for one such: remove it first, with \"%s\"",
				other.Name, DownCommand(other.Name))}
		}
	}
	return nil
}

// List returns the clusters of this user on this machine.
func List() ([]*Cluster, error) {
	dir, err := at("")
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir.Dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var all []*Cluster
	for _, e := range entries {
		if c, err := Open(e.Name()); err == nil {
			all = append(all, c)
		}
	}
	return all, nil
}
