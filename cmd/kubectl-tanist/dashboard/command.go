package dashboard

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

const long = `Serves a page on this machine that shows who leads each Service, who would follow, how the leader is watched, and the hand-overs and
disruptions of the last ten minutes. The page follows the cluster while you look at it. For each Service, it shows what explain and history say.

It reads with your own permissions, like get, and installs nothing in the cluster. It listens on 127.0.0.1 only, and answers only to whoever has
the address that it prints.`

const example = `  # The leaders of a namespace
  kubectl tanist dashboard -n shop

  # Of all namespaces, on a port that a tunnel from another machine leads to
  kubectl tanist dashboard -A --port 8900 --no-browser`

// options are the arguments and flags.
type options struct {
	namespace       string
	allNamespaces   bool
	port            int
	noBrowser       bool
	tanistNamespace string
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "dashboard", Short: "Show the leaders and their hand-overs in a browser", Long: long, Example: example,
		Args: kubeconfig.NoArgument,
		RunE: func(command *cobra.Command, _ []string) error {
			if o.port < 0 || o.port > 65535 {
				return fmt.Errorf("--port must be between 0 and 65535, got %d", o.port)
			}
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Show the Services of all namespaces.")
	flags.IntVar(&o.port, "port", 0, "Port to listen on, of 127.0.0.1. 0 takes any free port.")
	flags.BoolVar(&o.noBrowser, "no-browser", false, "Print the address of the page, and open no browser.")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist, to read its tuning and check whether it is running.")
	return command
}

// run serves the page until the context ends.
func (o *options) run(ctx context.Context, cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) error {
	var err error
	if !o.allNamespaces {
		if o.namespace, err = kubeconfig.Namespace(cluster); err != nil {
			return err
		}
	}
	var host string
	client, err := kubeconfig.Client(cluster, func(config *rest.Config) {
		host = config.Host
		config.QPS, config.Burst = 50, 100 // an explanation takes about ten requests at once
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := newFeed(client, o.namespace, installation.Reader{Client: client, Namespace: o.tanistNamespace}, host)
	if err := f.start(ctx); err != nil {
		return err
	}
	go f.run(ctx)
	listener, err := listen(ctx, o.port)
	if err != nil {
		return err
	}
	address := newAddress(listener)
	fmt.Fprintf(streams.Out, "The dashboard is at %s\nOnly who has this address can read it. Press Ctrl-C to stop.\n", address.url())
	if !o.noBrowser {
		open(address.url(), streams.ErrOut)
	}
	return serve(ctx, listener, guard(address.token, newHandler(f)))
}
