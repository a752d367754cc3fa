package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tanist-dev/tanist/test/cluster/cluster"
)

func (a *app) newNode() *cobra.Command {
	cmd := &cobra.Command{Use: "node", Short: "Take a real node's power away, shut it down, or start it"}
	cmd.AddCommand(
		a.newNodeVerb("kill", "The node loses power: every process dies and its link goes down", (*cluster.Cluster).KillNode),
		a.newNodeVerb("stop", "Shut the node down in order", (*cluster.Cluster).StopNode),
		a.newNodeVerb("start", "Start a node that was killed or stopped", (*cluster.Cluster).StartNode),
	)
	return cmd
}

func (a *app) newNodeVerb(verb, short string, do func(*cluster.Cluster, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " NAME",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open()
			if err != nil {
				return err
			}
			return do(c, cmd.Context(), args[0])
		},
	}
}

func (a *app) newImage() *cobra.Command {
	return &cobra.Command{
		Use:     "image NAME:TAG BINARY [BINARY...]",
		Short:   "Make an image from scratch of static binaries, the first of which it starts, and load it on every node",
		Example: "  tanist-cluster image docker.io/tanist/app:1 bin/app    # in pods: imagePullPolicy: Never",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open()
			if err != nil {
				return err
			}
			return c.LoadImage(cmd.Context(), args[0], args[1:]...)
		},
	}
}
