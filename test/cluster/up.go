package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
	"github.com/tanist-dev/tanist/test/cluster/components"
)

func (a *app) newUp() *cobra.Command {
	var o cluster.Options
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring a cluster up",
		Example: `  tanist-cluster up --nodes 2 --cert-manager      # real nodes; root
  tanist-cluster up --simulated-nodes 3           # no root, no packages`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Progress goes to standard error, so that standard output is the one line to use.
			c, err := cluster.Up(cmd.Context(), a.name, o, source, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "export KUBECONFIG=%s\n", c.Kubeconfig())
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Nodes, "nodes", 0, "how many real nodes")
	f.IntVar(&o.SimulatedNodes, "simulated-nodes", 0, "how many simulated nodes")
	f.StringVar(&o.ProxyMode, "proxy-mode", "nftables", "kube-proxy's mode on real nodes: nftables or iptables")
	f.BoolVar(&o.CertManager, "cert-manager", false, "bring up cert-manager, too")
	f.IntVar(&o.Port, "port", 0, fmt.Sprintf("the API server's port (default %d, or the next one that is free)", cluster.FirstPort))
	return cmd
}

func (a *app) newDown() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove the cluster, or what is left of one, with all that it made",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all && cmd.Flags().Changed("name") {
				return fmt.Errorf("--all removes every cluster: leave out --name %s, or --all", a.name)
			}
			if all {
				return downAll(cmd)
			}
			c, err := a.open()
			if errors.Is(err, cluster.ErrNoCluster) {
				fmt.Fprintf(cmd.ErrOrStderr(), "No cluster %q is up\n", a.name)
				return nil
			}
			if c == nil {
				return err
			}
			return c.Down(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "remove every cluster of yours on this machine")
	return cmd
}

func downAll(cmd *cobra.Command) error {
	clusters, err := cluster.List()
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range clusters {
		if err := c.Down(cmd.Context()); err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "Removed cluster %q\n", c.Name)
	}
	return errors.Join(failed...)
}

func (a *app) newComponents() *cobra.Command {
	var older string
	cmd := &cobra.Command{
		Use:   "components [NAME...]",
		Short: "Build the components, or those named, and print their folder, which also serves as KUBEBUILDER_ASSETS",
		RunE: func(cmd *cobra.Command, names []string) error {
			dir, err := "", error(nil)
			if older != "" {
				dir, err = components.EnsureOlder(cmd.Context(), source, olderSources, older, names, cmd.ErrOrStderr())
			} else {
				dir, err = components.Ensure(cmd.Context(), source, names, cmd.ErrOrStderr())
			}
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), dir)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&older, "kubernetes", "", "an older version, such as 1.33, for the API server and the controller manager")
	return cmd
}
