package main

import (
	"github.com/spf13/cobra"
)

func (a *app) newRun() *cobra.Command {
	return &cobra.Command{
		Use:   "run -- PROGRAM [ARG...]",
		Short: "Start a program on the host that belongs to the cluster: it gets its kubeconfig, and ends with \"down\"",
		Long: `Start a program on the host that belongs to the cluster: it gets its kubeconfig, and ends with "down".

For controllers on simulated nodes, where no pod runs. The log is in the cluster's folder, under logs.`,
		Example: "  tanist-cluster run -- bin/tanist --namespace tanist-system",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.open()
			if err != nil {
				return err
			}
			return c.Run(args[0], args[1:]...)
		},
	}
}
