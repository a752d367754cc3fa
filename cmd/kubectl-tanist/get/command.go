package get

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	kubectlget "k8s.io/kubectl/pkg/cmd/get"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

const long = `Shows who leads each Service that has opted in, who would follow, since when and why, and what needs your attention.

It reads the Services, EndpointSlices and pods with your own permissions, and works even while Tanist is not running. Fields that you
have no permission to read are omitted, with a note.`

const example = `  # The leaders of a namespace
  kubectl tanist get -n shop

  # All columns, of all namespaces
  kubectl tanist get -A -o wide

  # A new row whenever something changes
  kubectl tanist get payments -n shop -w

  # The leader's name alone
  kubectl tanist get payments -n shop -o jsonpath='{.items[0].leader.name}'`

// options are the arguments and flags.
type options struct {
	services        []string
	namespace       string
	allNamespaces   bool
	selector        string
	output          string
	noHeaders       bool
	watch           bool
	tanistNamespace string

	printFlags *kubectlget.PrintFlags

	matching labels.Selector
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	o.printFlags = newPrintFlags(&o)
	command := &cobra.Command{
		Use: "get [SERVICE...]", Short: "Show who leads", Long: long, Example: example,
		RunE: func(command *cobra.Command, args []string) error {
			o.services = args
			if err := o.complete(cluster); err != nil {
				return err
			}
			p, err := newPrinter(&o, streams)
			if err != nil {
				return err
			}
			return o.run(command.Context(), cluster, p)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Show the Services of all namespaces.")
	flags.StringVarP(&o.selector, "selector", "l", "", "Show the Services with these labels (e.g. -l team=shop).")
	flags.BoolVarP(&o.watch, "watch", "w", false, "After listing, print a Service again whenever its output changes.")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist, to check whether it is running.")
	o.printFlags.AddFlags(command)
	_ = flags.MarkHidden("show-managed-fields") // leaders have none
	return command
}

// complete checks the command line and finds the namespace. It asks nothing of the cluster.
func (o *options) complete(cluster kubeconfig.Cluster) (err error) {
	if o.allNamespaces && len(o.services) > 0 {
		return errors.New("--all-namespaces cannot be used with the name of a Service: use -n with its namespace instead")
	}
	if o.selector != "" && len(o.services) > 0 {
		return errors.New("--selector cannot be used with the name of a Service")
	}
	if o.matching, err = labels.Parse(o.selector); err != nil {
		return fmt.Errorf("--selector must be a label selector such as team=shop: %w", err)
	}
	if !o.allNamespaces {
		if o.namespace, err = kubeconfig.Namespace(cluster); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) run(ctx context.Context, cluster kubeconfig.Cluster, p *printer) error {
	client, err := kubeconfig.Client(cluster)
	if err != nil {
		return err
	}
	r := &reader{options: o, client: client}
	s, err := r.read(ctx)
	if err != nil {
		return err
	}
	p.notes(s.notes)
	list := s.list(r.installation().Warnings(ctx))
	if o.watch {
		if err := s.missing(); err != nil {
			return err
		}
		return watch(ctx, r, s, list, p)
	}
	return errors.Join(p.list(list), s.missing())
}
