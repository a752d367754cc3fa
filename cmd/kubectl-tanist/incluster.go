package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/bench"
	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/traffic"
)

// newServerCommand returns the command that the pods of a bench run.
func newServerCommand() *cobra.Command {
	address := ":8080"
	command := &cobra.Command{
		Use: "bench-server", Short: "Serve as a workload of bench", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			hostname, err := os.Hostname()
			if err != nil {
				return fmt.Errorf("failed to get host name: %w", err)
			}
			return traffic.Serve(command.Context(), address, hostname)
		},
	}
	command.Flags().StringVar(&address, "address", address, "Address to listen on.")
	return command
}

// newFloorCommand returns the command that runs the floor.
func newFloorCommand(version string, out io.Writer) *cobra.Command {
	var namespace string
	var services []string
	command := &cobra.Command{
		Use: "bench-floor", Short: "Run the floor's loop", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := rest.InClusterConfig()
			if err != nil {
				return fmt.Errorf("failed to get in-cluster config: %w", err)
			}
			clients, err := bench.NewClients(config, version)
			if err != nil {
				return err
			}
			return floor.Run(command.Context(), clients.Floor, namespace, services, out)
		},
	}
	command.Flags().StringVar(&namespace, "namespace", "", "Namespace of the floor's Services.")
	command.Flags().StringSliceVar(&services, "services", nil, "Names of the floor's Services.")
	return command
}

// newClientCommand returns the command of the traffic client. It prints a line of JSON for every second.
func newClientCommand(out io.Writer) *cobra.Command {
	config := traffic.DefaultConfig()
	command := &cobra.Command{
		Use: "bench-client", Short: "Send the traffic of bench", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := config.Validate(); err != nil {
				return err
			}
			lines := json.NewEncoder(out)
			return traffic.Send(command.Context(), config, func(window traffic.Window) error { return lines.Encode(window) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&config.URL, "url", config.URL, "URL to send requests to.")
	flags.IntVar(&config.Rate, "rate", config.Rate, "New connections per second.")
	flags.IntVar(&config.MaxRequests, "max-requests", config.MaxRequests, "Stop after about this many requests.")
	flags.DurationVar(&config.MaxTime, "max-time", config.MaxTime, "Stop after this time.")
	return command
}
