package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/bench"
)

// newServerCommand is what the pods of a bench run.
func newServerCommand() *cobra.Command {
	address := ":8080"
	command := &cobra.Command{
		Use: "bench-server", Short: "Serve as the workload of a bench", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			hostname, err := os.Hostname()
			if err != nil {
				return fmt.Errorf("failed to get host name: %w", err)
			}
			return bench.Serve(command.Context(), address, hostname)
		},
	}
	command.Flags().StringVar(&address, "address", address, "where to listen")
	return command
}

// newFloorCommand is the floor's loop.
func newFloorCommand(version string, out io.Writer) *cobra.Command {
	var namespace string
	var services []string
	command := &cobra.Command{
		Use: "bench-floor", Short: "Be the floor of a bench", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := rest.InClusterConfig()
			if err != nil {
				return fmt.Errorf("failed to find the cluster: %w", err)
			}
			return bench.RunFloor(command.Context(), config, version, namespace, services, out)
		},
	}
	command.Flags().StringVar(&namespace, "namespace", "", "namespace of the floor's Services")
	command.Flags().StringSliceVar(&services, "services", nil, "names of the floor's Services")
	return command
}

// newClientCommand is the traffic client: it prints a line of JSON for every second.
func newClientCommand(out io.Writer) *cobra.Command {
	config := bench.DefaultTrafficConfig()
	command := &cobra.Command{
		Use: "bench-client", Short: "Send the traffic of a bench", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := config.Validate(); err != nil {
				return err
			}
			lines := json.NewEncoder(out)
			return bench.SendTraffic(command.Context(), config, func(window bench.Window) error { return lines.Encode(window) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.URL, "url", config.URL, "where to send requests")
	flags.IntVar(&config.Rate, "rate", config.Rate, "new connections a second")
	flags.IntVar(&config.MaxRequests, "max-requests", config.MaxRequests, "stop after about this many requests")
	flags.DurationVar(&config.MaxTime, "max-time", config.MaxTime, "stop after this time")
	return command
}
