package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tanist-dev/tanist/test/cluster/node"
	"github.com/tanist-dev/tanist/test/cluster/process"
)

// node finds a real node by its name.
func (c *Cluster) node(name string) (node.Node, error) {
	var known []string
	for _, n := range c.nodes() {
		if n.Name() == name {
			return n, nil
		}
		known = append(known, n.Name())
	}
	if len(known) == 0 {
		return node.Node{}, fmt.Errorf("cluster %q has no real nodes; a simulated one has no power to lose", c.Name)
	}
	return node.Node{}, fmt.Errorf("no node %q: cluster %q has %s", name, c.Name, strings.Join(known, ", "))
}

func (c *Cluster) powered(n node.Node) (bool, error) {
	found, err := process.Find(c.Dir)
	for _, p := range found {
		if p.Node == n.Name() {
			return true, err
		}
	}
	return false, err
}

// KillNode is a loss of power of the node.
func (c *Cluster) KillNode(ctx context.Context, name string) error {
	n, err := c.node(name)
	if err != nil {
		return err
	}
	return n.Kill(ctx)
}

// StopNode shuts the node down in order.
func (c *Cluster) StopNode(ctx context.Context, name string) error {
	n, err := c.node(name)
	if err != nil {
		return err
	}
	return n.Stop(ctx)
}

// StartNode brings a node back that was killed or stopped, with its disk as it was.
func (c *Cluster) StartNode(ctx context.Context, name string) error {
	n, err := c.node(name)
	if err != nil {
		return err
	}
	on, err := c.powered(n)
	if err != nil {
		return err
	}
	if on {
		return fmt.Errorf("%s is already running", name)
	}
	if err := n.Prepare(ctx, c.Nodes, c.Images); err != nil {
		return err
	}
	return n.Join(c.controlPlane())
}

// LoadImage makes an image of the binaries and loads it on every node; one that is off gets it when it is started.
func (c *Cluster) LoadImage(ctx context.Context, ref string, binaries ...string) error {
	if c.Nodes == 0 {
		return fmt.Errorf("cluster %q has no real nodes: there is nothing to load an image on", c.Name)
	}
	tar := filepath.Join(c.Dir, "images", strings.NewReplacer("/", "_", ":", "_").Replace(ref)+".tar")
	if err := node.WriteImage(tar, ref, binaries...); err != nil {
		return err
	}
	for _, n := range c.nodes() {
		on, err := c.powered(n)
		if err != nil {
			return err
		}
		if !on {
			continue
		}
		if err := n.LoadImage(ctx, tar); err != nil {
			return err
		}
	}
	if slices.Contains(c.Images, tar) {
		return nil
	}
	c.Images = append(c.Images, tar)
	return c.save()
}

// Leftovers names what is on the host of clusters with real nodes.
func Leftovers() ([]string, error) {
	found, err := node.HostLeftovers()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat("/run/tanist-cluster"); err == nil {
		found = append(found, "/run/tanist-cluster")
	}
	return found, nil
}
