package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
)

// becauseOfRealNodes is the exit code for a failure that simulated nodes would not have. scripts/with-tanist.sh reads it.
const becauseOfRealNodes = 3

// run runs the command line and returns the exit code: 0, or, after a line on standard error that says what is wrong, 1 or
// becauseOfRealNodes.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		if cluster.BecauseOfRealNodes(err) {
			return becauseOfRealNodes
		}
		return 1
	}
	return 0
}

// app is what the commands share: the name of the cluster that they are about.
type app struct {
	name string
}

func newRoot() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:   "tanist-cluster",
		Short: "A real Kubernetes on this machine, from Go modules and Debian packages alone",
		Long: `A real Kubernetes on this machine, from Go modules and Debian packages alone: nothing is downloaded but source code.

Nodes are real (containerd, kubelet and kube-proxy in a network namespace each; needs root on Linux) or simulated (KWOK plays
the kubelets; needs nothing). Both kinds can be in one cluster, and every other command is the same for both.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&a.name, "name", "tanist", "the cluster's name")
	root.AddCommand(a.newUp(), a.newDown(), a.newStatus(), a.newNode(), a.newImage(), a.newRun(), a.newComponents())
	return root
}

// open finds the cluster.
func (a *app) open() (*cluster.Cluster, error) { return cluster.Open(a.name) }
