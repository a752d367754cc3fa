package main

import (
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/completion"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/doctor"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/get"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/handover"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/history"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/report"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/rotatesecret"
)

// newRootCommand returns the command with all its subcommands.
func newRootCommand(version string) *cobra.Command {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	kubeconfig := newKubeconfig()
	root := &cobra.Command{
		Use:           "kubectl-tanist",
		Short:         "One leader behind a Service, handed over before it is gone",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl tanist"},
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	kubeconfig.AddFlags(root.PersistentFlags())
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.AddCommand(
		get.NewCommand(kubeconfig, streams), explain.NewCommand(kubeconfig, streams), history.NewCommand(kubeconfig, streams),
		dashboard.NewCommand(kubeconfig, streams),
		handover.NewCommand(kubeconfig, streams), doctor.NewCommand(kubeconfig, streams, version), report.NewCommand(kubeconfig, streams, version),
		rotatesecret.NewCommand(kubeconfig, streams), newBenchCommand(kubeconfig, streams, version),
		newServerCommand(), newClientCommand(streams.Out), newFloorCommand(version, streams.Out),
	)
	completion.Add(root, kubeconfig)
	return root
}

// newKubeconfig returns the flags with which every kubectl command selects its cluster and namespace.
func newKubeconfig() *genericclioptions.ConfigFlags {
	return genericclioptions.NewConfigFlags(true)
}
