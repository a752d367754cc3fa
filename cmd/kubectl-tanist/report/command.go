package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

const long = `Writes a zip file for a bug report: versions, what doctor says, the Services that ask for a leader with their leader Services,
EndpointSlices, pods and Events, the objects of Tanist, and the logs of its replicas (the last 10 MB of each).

Nothing of a Secret is in it: doctor reads those with Tanist's own certificates, to see whether the webhooks trust them. Of objects it includes chosen fields only: no environment, command line, volume, path of a probe, or annotation of
others, and neither the secret in the path of the webhooks nor their certificate authority. The file has names of namespaces, Services, pods, nodes
and users, and addresses: look through it before you pass it on.

It reads with your own permissions. What could not be read is listed with the reason.`

const example = `  # Everything about the Services of a namespace, and Tanist itself
  kubectl tanist report -n shop

  # About the Services of all namespaces, in a file of this name
  kubectl tanist report -A -o bug.zip`

// options are the flags.
type options struct {
	allNamespaces   bool
	namespace       string
	tanistNamespace string
	output          string
}

// NewCommand returns the command. version is the plugin's.
func NewCommand(cluster kubeconfig.Cluster, streams genericiooptions.IOStreams, version string) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "report", Short: "Write a zip file for a bug report", Long: long, Example: example, Args: kubeconfig.NoArgument,
		RunE: func(command *cobra.Command, _ []string) error {
			if !o.allNamespaces {
				var err error
				if o.namespace, err = kubeconfig.Namespace(cluster); err != nil {
					return err
				}
			}
			client, err := kubeconfig.Client(cluster, kubeconfig.AllAtOnce)
			if err != nil {
				return err
			}
			return o.run(command.Context(), client, streams, version, time.Now())
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Include the Services of all namespaces.")
	flags.StringVarP(&o.output, "output", "o", "", "Name of the zip file. Defaults to tanist-report-<time>.zip.")
	flags.StringVar(&o.tanistNamespace, "tanist-namespace", "tanist-system", "Namespace of Tanist.")
	return command
}

// run writes the file under another name first, so that there is never half a report.
func (o *options) run(ctx context.Context, client kubernetes.Interface, streams genericiooptions.IOStreams, version string, now time.Time) error {
	name := o.output
	if name == "" {
		name = "tanist-report-" + now.UTC().Format("20060102-150405") + ".zip"
	}
	file, err := os.CreateTemp(filepath.Dir(name), ".tanist-report-*") // readable by its user alone
	if err != nil {
		return writeError(name, err)
	}
	defer os.Remove(file.Name()) // fails once it has its name
	fmt.Fprintln(streams.ErrOut, "Reading ...")
	a := newArchive(file, o.namespace, now)
	c := &collector{client: client, tanistNamespace: o.tanistNamespace, namespace: o.namespace, version: version, archive: a}
	if err := c.collect(ctx); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := errors.Join(a.close(), file.Close()); err != nil {
		return writeError(name, err)
	}
	if err := os.Rename(file.Name(), name); err != nil {
		return writeError(name, err)
	}
	return a.contents.print(name, streams.Out)
}

// writeError says why the report could not be written, with the name that the user has given and not that of the hidden file.
func writeError(name string, err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("failed to write report %s: %w", name, err)
}
