package explain

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

const long = `Explains who leads a Service and since when, how the leader is watched, and where each of its pods stands: whether it can lead,
what places it where it is, and what would have to happen for it to lead.

It applies Tanist's own rules to what you may read. The role view is enough, and Tanist need not run. What you have no permission to read is
left out, with a note. What only Tanist's replicas know, such as which pods they hear, is not part of it.`

const example = `  # Why does this pod not lead?
  kubectl tanist explain payments -n shop

  # The names of the pods in the order of succession
  kubectl tanist explain payments -n shop -o json | jq -r '.pods[] | select(.role != "Excluded") | .name'`

// options are the arguments and flags.
type options struct {
	namespace, service string
	output             kubeconfig.Output
	tanistNamespace    string
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "explain SERVICE", Short: "Explain who leads, who follows, and why", Long: long, Example: example,
		Args: kubeconfig.OneService,
		RunE: func(command *cobra.Command, args []string) error {
			if err := o.output.Validate(); err != nil {
				return err
			}
			o.service = kubeconfig.ServiceName(args[0])
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	o.output.AddTo(command.Flags())
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist, to read its tuning and check whether it is running.")
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
	in, err := Reader{Client: client, Namespace: o.namespace, TanistNamespace: o.tanistNamespace}.Read(ctx, o.service)
	if err != nil {
		return err
	}
	x, err := Of(in[0], time.Now())
	if err != nil {
		return err
	}
	for _, warning := range (installation.Reader{Client: client, Namespace: o.tanistNamespace}).Warnings(ctx) {
		fmt.Fprintf(streams.ErrOut, "%s %s: %s\n", terminal.PaletteOf(streams.ErrOut).Text(terminal.Yellow, "Warning:"), warning.Phrase, warning.Detail)
	}
	return o.print(x, streams)
}

// print prints an explanation in the format that was asked for.
func (o *options) print(x *Explanation, streams genericiooptions.IOStreams) error {
	if printed, err := o.output.Print(x, streams.Out); printed {
		return err
	}
	for _, note := range x.Notes {
		fmt.Fprintf(streams.ErrOut, "Note: %s\n", note)
	}
	if _, err := fmt.Fprint(terminal.Highlight(streams.Out, colours), printers.EscapeTerminal(text(x, time.Now()))); err != nil {
		return fmt.Errorf("failed to print: %w", err)
	}
	return nil
}
