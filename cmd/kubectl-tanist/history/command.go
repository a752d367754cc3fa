package history

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

const long = `Prints the last moves of a Service's leader: when, from which pod to which, the term, the reason, who asked for it, and how long it
took from the loss or the request to the commit.

Tanist keeps the last ten moves on the EndpointSlice, fewer if the names are long. The role view is enough, and Tanist need not run.`

const example = `  # When did the leader move, and why?
  kubectl tanist history payments -n shop

  # The moves that somebody asked for
  kubectl tanist history payments -n shop -o json | jq '.moves[] | select(.by)'`

// options are the arguments and flags.
type options struct {
	namespace, service string
	output             kubeconfig.Output
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "history SERVICE", Short: "Show the last moves of the leader", Long: long, Example: example,
		Args: kubeconfig.OneService,
		RunE: func(command *cobra.Command, args []string) error {
			if err := o.output.Validate(); err != nil {
				return err
			}
			o.service = kubeconfig.ServiceName(args[0])
			return o.run(command.Context(), cluster, streams)
		},
	}
	o.output.AddTo(command.Flags())
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
	h, err := o.read(ctx, client)
	if err != nil {
		return err
	}
	return o.print(h, streams)
}

// read reads the history once. A leader Service's name stands for that of its Service.
func (o *options) read(ctx context.Context, client kubernetes.Interface) (*History, error) {
	services, err := client.CoreV1().Services(o.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("failed to list Services: %w", err)
	}
	all := status.Pointers(services.Items)
	source := status.Source(all, o.service)
	if source == nil {
		return nil, apierrors.NewNotFound(corev1.Resource("services"), o.service)
	}
	slices, err := client.DiscoveryV1().EndpointSlices(o.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	return Of(source, all, status.Pointers(slices.Items)), nil
}
