package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tanist-dev/tanist/test/cluster/components"
	"github.com/tanist-dev/tanist/test/cluster/controlplane"
	"github.com/tanist-dev/tanist/test/cluster/node"
)

// Up brings a cluster up and returns when its nodes are Ready. If it fails, or ctx ends, it leaves nothing behind.
func Up(ctx context.Context, name string, options Options, source fs.FS, out io.Writer) (*Cluster, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	if err := clearTheWay(ctx, name, options, out); err != nil {
		return nil, err
	}
	if err := options.preflight(ctx); err != nil {
		return nil, err
	}
	bin, err := components.Ensure(ctx, source, options.components(), out)
	if err != nil {
		return nil, err
	}
	c, err := at(name)
	if err != nil {
		return nil, err
	}
	// The build may have taken minutes, in which another run may have brought a cluster of that name up, or taken a port.
	if err := clearTheWay(ctx, name, options, out); err != nil {
		return nil, err
	}
	if options.Port, err = options.choosePort(); err != nil {
		return nil, err
	}
	c.State = State{Options: options, Components: bin}
	if options.Nodes > 0 {
		if c.HostTables, err = node.Tables(ctx); err != nil {
			return nil, realNodesError{err}
		}
	}
	if err := errors.Join(os.RemoveAll(c.Dir), c.save()); err != nil {
		return nil, err
	}
	step, end := steps(ctx, out)
	defer end()
	if err := c.start(ctx, step); err != nil {
		cleanCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if ctx.Err() == nil {
			c.controlPlane().LogTo(out)
		}
		return nil, errors.Join(err, c.Down(cleanCtx))
	}
	step("ready")
	return c, nil
}

func (c *Cluster) start(ctx context.Context, step func(string)) error {
	cp := c.controlPlane()
	if c.Nodes > 0 {
		// Before the API server, whose address is on it.
		if err := node.SetUpHost(); err != nil {
			return realNodesError{err}
		}
	}
	// Nodes take about as long to prepare as the control plane to start.
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() error {
		defer step("control plane serves")
		return cp.Start(bothCtx, c.Kubeconfig())
	})
	both.Go(func() error { return c.ofRealNodes(c.prepareNodes(bothCtx)) })
	if err := both.Wait(); err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	all, allCtx := errgroup.WithContext(ctx)
	all.Go(func() error { return c.ofRealNodes(c.joinNodes(allCtx, cp, client, step)) })
	if c.CertManager {
		all.Go(func() error {
			err := c.startCertManager(allCtx)
			if err == nil {
				step("cert-manager works")
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	c.Complete = true
	return c.save()
}

func (c *Cluster) prepareNodes(ctx context.Context) error {
	if c.Nodes == 0 {
		return nil
	}
	pause := filepath.Join(c.Dir, "images", "pause.tar")
	if err := node.WriteImage(pause, node.PauseImage, filepath.Join(c.Components, "pause")); err != nil {
		return err
	}
	c.Images = []string{pause}
	for _, n := range c.nodes() {
		if err := n.Prepare(ctx, c.Nodes, c.Images); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) joinNodes(ctx context.Context, cp controlplane.Config, client kubernetes.Interface, step func(string)) error {
	for _, n := range c.nodes() {
		if err := n.Join(cp); err != nil {
			return err
		}
	}
	if err := controlplane.CreateSimulatedNodes(ctx, client, c.SimulatedNodes); err != nil {
		return err
	}
	if err := waitReady(ctx, client, c.Nodes+c.SimulatedNodes); err != nil {
		return err
	}
	step(fmt.Sprintf("%d nodes Ready", c.Nodes+c.SimulatedNodes))
	if c.Nodes == 0 {
		return nil
	}
	// Last: a kube-proxy without its Node waits for 30 s before it programs anything.
	return c.startHostProxy(ctx, cp)
}

func (c *Cluster) client() (*kubernetes.Clientset, error) {
	conf, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(conf)
}
