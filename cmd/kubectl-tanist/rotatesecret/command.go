package rotatesecret

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	tanist "github.com/tanist-dev/tanist/config"
)

const long = `Sets a new secret in Tanist's two webhook configurations, or the first one.

The secret is a part of the path at which the API server calls Tanist, and proves that a call is the API server's. Whoever may read webhook
configurations knows it. Tanist accepts the old one for two minutes, so calls go on during the change.

You need the rights to get and patch webhook configurations. All replicas must know secrets: after an upgrade from a version without them,
run this when the last replica is replaced.`

const example = `  # Set a new secret
  kubectl tanist rotate-secret

  # Ask the API server whether it would accept the change
  kubectl tanist rotate-secret --dry-run=server`

// The values of --dry-run, as of kubectl's other commands.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

// options are the flags.
type options struct {
	dryRun        string
	namespace     string
	configuration string
}

// NewCommand returns the command.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "rotate-secret", Short: "Change the secret of admission", Long: long, Example: example,
		Args: kubeconfig.NoArgument,
		RunE: func(command *cobra.Command, _ []string) error {
			switch o.dryRun {
			case dryRunNone, dryRunClient, dryRunServer:
			default:
				return fmt.Errorf("--dry-run must be none, client or server, got %q", o.dryRun)
			}
			if o.configuration == "" {
				o.configuration = tanist.WebhookConfiguration(o.namespace)
			}
			return o.run(command.Context(), cluster, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.dryRun, "dry-run", dryRunNone, "none; client, to change nothing; or server, to have the API server check the change.")
	flags.StringVar(&o.namespace, "tanist-namespace", "tanist-system", "Namespace of Tanist.")
	flags.StringVar(&o.configuration, "webhook-configuration", "", "Name of both configurations. Defaults to <tanist-namespace>-tanist.")
	return command
}

func (o *options) run(ctx context.Context, cluster kubeconfig.Cluster, streams genericiooptions.IOStreams) error {
	client, err := kubeconfig.Client(cluster)
	if err != nil {
		return err
	}
	r := rotation{options: *o, client: client.AdmissionregistrationV1(), out: streams.Out, secret: newSecret()}
	return r.run(ctx)
}

// newSecret returns a secret of 256 random bits.
func newSecret() string {
	return strings.ToLower(rand.Text() + rand.Text())
}
