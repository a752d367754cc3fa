package handover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

const long = `Lets another pod lead a Service: the pod given with --to, or the one that would follow if the leader went.

It sets the annotation tanist.dev/preferred-leader on the Service, waits until that pod leads, and restores the annotation. The pod
keeps the leadership, because a healthy leader stays (tanist.dev/sticky). With --keep the annotation stays, so that the pod also takes
the leadership back whenever it returns after a loss.

If the pod does not lead in time, or after Ctrl-C, the annotation is restored as well.

With --node it moves all leaders off a node, before work on it: those of all namespaces, or of the one given with -n. It moves a leader only to
a pod on another node. Cordon the node first: with its defaults Tanist then moves the leaders by itself, and none comes back.

With --dry-run it changes nothing, and says who would lead and whether each check passes. The exit code is 1 if a hand-over failed or would fail.`

const example = `  # Let the successor lead
  kubectl tanist handover payments -n shop

  # Let a given pod lead, now and whenever it can
  kubectl tanist handover payments -n shop --to payments-7d4b9c-x2x4t --keep

  # Would a hand-over work?
  kubectl tanist handover payments -n shop --dry-run

  # Move all leaders off a node, three at a time
  kubectl tanist handover --node node-1 --parallel 3`

// options are the arguments and flags.
type options struct {
	namespace, service string
	to                 string
	keep               bool
	timeout            time.Duration
	dryRun             bool
	node               string
	parallel           int
	tanistNamespace    string
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "handover (SERVICE | --node NODE)", Short: "Let another pod lead", Long: long, Example: example,
		Args: func(command *cobra.Command, args []string) error {
			switch {
			case o.node != "" && len(args) > 0:
				return errors.New("handover takes a Service or --node, not both: without a Service, --node moves all leaders off the node")
			case o.node == "" && len(args) == 0:
				return errors.New("name a Service (kubectl tanist get lists them) or --node")
			case o.node != "":
				return nil
			}
			return kubeconfig.OneService(command, args)
		},
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.service = kubeconfig.ServiceName(args[0])
			}
			if err := o.validate(); err != nil {
				return err
			}
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.to, "to", "", "Pod that should lead. Defaults to the successor.")
	flags.BoolVar(&o.keep, "keep", false, "Leave the annotation in place, so that the pod leads whenever it can.")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "How long to wait until the pod leads.")
	flags.BoolVar(&o.dryRun, "dry-run", false, "Change nothing: say who would lead, and whether each check passes.")
	flags.StringVar(&o.node, "node", "", "Move all leaders off this node.")
	flags.IntVar(&o.parallel, "parallel", 5, "With --node, how many leaders to move at a time.")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist, to read its tuning and check whether it is running.")
	return command
}

// validate returns an error if the flags do not fit. It asks nothing of the cluster.
func (o *options) validate() error {
	switch {
	case o.timeout <= 0:
		return fmt.Errorf("--timeout must be longer than 0s, got %s", o.timeout)
	case o.parallel < 1:
		return fmt.Errorf("--parallel must be at least 1, got %d", o.parallel)
	case o.node != "" && (o.to != "" || o.keep):
		return errors.New("--node cannot be used with --to or --keep: they are about one Service")
	}
	return nil
}

func (o *options) run(ctx context.Context, cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) error {
	var given bool
	var err error
	if o.namespace, given, err = cluster.ToRawKubeConfigLoader().Namespace(); err != nil {
		return fmt.Errorf("failed to read namespace: %w", err)
	}
	if o.node == "" {
		client, err := kubeconfig.Client(cluster)
		if err != nil {
			return err
		}
		return o.runSingle(ctx, client, streams)
	}
	if !given {
		o.namespace = metav1.NamespaceAll
	}
	client, err := kubeconfig.Client(cluster, kubeconfig.AllAtOnce)
	if err != nil {
		return err
	}
	return o.runNode(ctx, client, streams)
}
