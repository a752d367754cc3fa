package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
)

func (a *app) newStatus() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how the cluster is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return fmt.Errorf("--output %q: must be json, or left out", output)
			}
			c, err := a.open()
			if err != nil {
				return err
			}
			status, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(status)
			}
			return printStatus(cmd.OutOrStdout(), status)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "json, for programs")
	return cmd
}

func printStatus(out io.Writer, s cluster.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "Cluster:\t%s\nHealth:\t%s", s.Name, s.Health)
	if s.Detail != "" {
		fmt.Fprintf(w, " (%s)", s.Detail)
	}
	fmt.Fprintf(w, "\nKubeconfig:\t%s\nMemory:\t%d MiB\n\nNODE\tREADY\tPOWER\n", s.Kubeconfig, s.MemoryBytes>>20)
	for _, n := range s.NodeStatus {
		fmt.Fprintf(w, "%s\t%t\t%s\n", n.Name, n.Ready, n.Power)
	}
	fmt.Fprint(w, "\nPROCESS\tNODE\tPID\tMEMORY\n")
	for _, p := range s.Processes {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d MiB\n", p.Name, p.Node, p.PID, p.MemoryBytes>>20)
	}
	return w.Flush()
}
