package handover

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

const long = `Lets another pod lead a Service: the pod given with --to, or the one that would follow if the leader went.

It sets the annotation tanist.dev/preferred-leader on the Service, waits until that pod leads, and restores the annotation. The pod
keeps the leadership, because a healthy leader stays (tanist.dev/sticky). With --keep the annotation stays, so that the pod also takes
the leadership back whenever it returns after a loss.

If the pod does not lead in time, or after Ctrl-C, the annotation is restored as well.`

const example = `  # Let the successor lead
  kubectl tanist handover payments -n shop

  # Let a given pod lead, now and whenever it can
  kubectl tanist handover payments -n shop --to payments-7d4b9c-x2x4t --keep`

// options are the arguments and flags.
type options struct {
	namespace, service string
	to                 string
	keep               bool
	timeout            time.Duration
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "handover SERVICE", Short: "Let another pod lead", Long: long, Example: example,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			o.service = kubeconfig.ServiceName(args[0])
			if o.timeout <= 0 {
				return fmt.Errorf("--timeout must be longer than 0s, got %s", o.timeout)
			}
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.to, "to", "", "Pod that should lead. Defaults to the successor.")
	flags.BoolVar(&o.keep, "keep", false, "Leave the annotation in place, so that the pod leads whenever it can.")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "How long to wait until the pod leads.")
	return command
}

func (o *options) run(ctx context.Context, cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) error {
	var err error
	if o.namespace, err = kubeconfig.Namespace(cluster); err != nil {
		return err
	}
	client, err := kubeconfig.Client(cluster)
	if err != nil {
		return err
	}
	m := mover{options: *o, client: client, streams: streams}
	return m.run(ctx)
}
