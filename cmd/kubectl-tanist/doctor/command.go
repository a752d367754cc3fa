package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

const long = `Checks Tanist and the Services that ask for a leader, and says what to correct.

Each line is one check: √ passed, ‼ works but could go wrong, × does not work, - skipped. The exit code is 1 if a check failed (×). A page
explains each check: docs/doctor.md (https://github.com/tanist-dev/tanist/blob/main/docs/doctor.md)

It reads with your own permissions. What you may not read is skipped. It changes nothing: its only write is a dry run that Tanist's admission
must refuse.`

const example = `  # Check Tanist, and the Services of a namespace
  kubectl tanist doctor -n shop

  # Check the Services of all namespaces, as soon as an installation is ready
  kubectl tanist doctor -A --wait 60s

  # What failed, for a script
  kubectl tanist doctor -A -o json | jq '.checks[] | select(.outcome == "failed")'`

// options are the flags.
type options struct {
	allNamespaces   bool
	namespace       string
	tanistNamespace string
	output          string
	wait            time.Duration
}

// interval is how long --wait pauses between two rounds of checks.
const interval = 2 * time.Second

// NewCommand returns the command. version is the plugin's.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams, version string) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "doctor", Short: "Check Tanist and its Services", Long: long, Example: example, Args: kubeconfig.NoArgument,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := o.complete(cluster); err != nil {
				return err
			}
			r, err := o.reader(cluster, version)
			if err != nil {
				return err
			}
			d, err := o.diagnose(command.Context(), r.read)
			if err != nil {
				return err
			}
			return o.print(d, streams)
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Check the Services of all namespaces.")
	flags.DurationVar(&o.wait, "wait", 0, "Repeat the checks until none fails, at most for this time.")
	flags.StringVarP(&o.output, "output", "o", "", "json, or nothing for text.")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist.")
	return command
}

// complete checks the command line and finds the namespace. It asks nothing of the cluster.
func (o *options) complete(cluster kubeconfig.Cluster) (err error) {
	if o.output != "" && o.output != "json" {
		return fmt.Errorf("--output must be json or empty, got %q", o.output)
	}
	if o.wait < 0 {
		return fmt.Errorf("--wait must not be negative, got %s", o.wait)
	}
	if !o.allNamespaces {
		if o.namespace, err = kubeconfig.Namespace(cluster); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) reader(cluster kubeconfig.Cluster, version string) (*reader, error) {
	client, err := kubeconfig.Client(cluster, kubeconfig.AllAtOnce)
	if err != nil {
		return nil, err
	}
	return &reader{client: client, tanistNamespace: o.tanistNamespace, namespace: o.namespace, version: version}, nil
}

// Diagnose runs all checks once, with the rights of the client's user: those of Tanist in its namespace, and of the Services in another one, or in
// all if namespace is empty. version is the plugin's. It returns an error if the API server does not answer.
func Diagnose(ctx context.Context, client kubernetes.Interface, tanistNamespace, namespace, version string) (*Diagnosis, error) {
	r := &reader{client: client, tanistNamespace: tanistNamespace, namespace: namespace, version: version}
	f, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	d := diagnose(f, checks())
	return &d, nil
}

// diagnose reads and checks, with --wait again and again until no check fails. A round that cannot read is as one that fails.
func (o *options) diagnose(ctx context.Context, read func(context.Context) (*facts, error)) (*Diagnosis, error) {
	over := time.After(o.wait)
	for {
		var d Diagnosis
		f, err := read(ctx)
		if err == nil {
			d = diagnose(f, checks())
		}
		if o.wait == 0 || err == nil && d.Success || ctx.Err() != nil {
			return &d, err
		}
		select {
		case <-ctx.Done():
			return &d, ctx.Err()
		case <-over:
			return &d, err
		case <-time.After(interval):
		}
	}
}

// print writes what was found. It returns an error if a check failed, so that the exit code is 1.
func (o *options) print(d *Diagnosis, streams genericiooptions.IOStreams) error {
	var err error
	if o.output == "json" {
		err = d.writeJSON(streams.Out)
	} else {
		err = d.writeText(streams.Out, terminal.PaletteOf(streams.Out))
	}
	if err != nil {
		return fmt.Errorf("failed to write: %w", err)
	}
	switch n := d.count(Failed); n {
	case 0:
		return nil
	case 1:
		return errors.New("1 check failed")
	default:
		return fmt.Errorf("%d checks failed", n)
	}
}
