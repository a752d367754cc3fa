package get

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const long = `Shows who leads each Service that asked for a leader, who would follow, since when and why, and what there is to mend.

What it shows is read from the Services, EndpointSlices and pods, so it works with your own rights and while Tanist is not running.
What you may not read is left out, and said.`

const example = `  # The leaders of a namespace
  kubectl tanist get -n shop

  # Everything, of all namespaces
  kubectl tanist get -A -o wide

  # A row whenever something changes
  kubectl tanist get payments -n shop -w`

// Cluster is where kubectl's own flags say that the cluster is.
type Cluster interface {
	ToRESTConfig() (*rest.Config, error)
	ToRawKubeConfigLoader() clientcmd.ClientConfig
}

// options are the command line.
type options struct {
	services        []string
	namespace       string
	allNamespaces   bool
	selector        string
	output          string
	watch           bool
	noHeaders       bool
	tanistNamespace string

	matching labels.Selector
}

// NewCommand is the command, not yet run.
func NewCommand(cluster Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "get [SERVICE...]", Short: "Show who leads", Long: long, Example: example,
		RunE: func(command *cobra.Command, args []string) error {
			o.services = args
			if err := o.complete(cluster); err != nil {
				return err
			}
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Services of all namespaces")
	flags.StringVarP(&o.selector, "selector", "l", "", "Services with these labels (e.g. -l team=shop)")
	flags.StringVarP(&o.output, "output", "o", "", "output: wide, json, yaml or name")
	flags.BoolVarP(&o.watch, "watch", "w", false, "go on, and print a Service again whenever what is shown of it changes")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "print no headers")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "where Tanist is installed, to see whether it runs")
	return command
}

// complete makes sense of the command line, before anything is asked of a cluster.
func (o *options) complete(cluster Cluster) (err error) {
	switch o.output {
	case "", "wide", "json", "yaml", "name":
	default:
		return fmt.Errorf("--output must be wide, json, yaml or name, got %q", o.output)
	}
	if o.allNamespaces && len(o.services) > 0 {
		return errors.New("--all-namespaces and the name of a Service exclude each other: say its namespace with -n")
	}
	if o.selector != "" && len(o.services) > 0 {
		return errors.New("--selector and the name of a Service exclude each other")
	}
	if o.matching, err = labels.Parse(o.selector); err != nil {
		return fmt.Errorf("--selector must be a label selector such as team=shop: %w", err)
	}
	if !o.allNamespaces {
		if o.namespace, _, err = cluster.ToRawKubeConfigLoader().Namespace(); err != nil {
			return fmt.Errorf("failed to read namespace: %w", err)
		}
	}
	return nil
}

func (o *options) run(ctx context.Context, cluster Cluster, streams genericiooptions.IOStreams) error {
	config, err := cluster.ToRESTConfig()
	if err != nil {
		return fmt.Errorf("failed to read kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("failed to make client: %w", err)
	}
	r := &reader{options: o, client: client}
	seen, err := r.read(ctx)
	if err != nil {
		return err
	}
	p := newPrinter(o, streams)
	p.notes(seen.notes)
	list := seen.list(r.tanist(ctx))
	if o.watch {
		return watch(ctx, r, seen, list, p)
	}
	return errors.Join(p.list(list), seen.missing())
}
