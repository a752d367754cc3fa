package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/bench"
)

// burstRounds is how many rounds a burst has unless the user says otherwise: each takes away all leaders.
const burstRounds = 5

const benchLong = `Takes a Service's leader away again and again and measures how long the API needs to show the next one.

Without SERVICE, bench creates a namespace with a workload of its own and removes it afterwards, also after Ctrl-C. With SERVICE,
it deletes or evicts that Service's leaders, one after another: their clients will notice what the figures say. It changes nothing
else, and refuses a Service whose owner has not opted in.

With --floor, every failover is followed by one of a bare watch-and-patch loop on a second workload with a Service like the first:
what the API server alone costs. With --traffic, clients send requests meanwhile: new connections, and some on a connection kept
alive.`

const benchExample = `  # Fifty graceful deletes beside the floor, with traffic, on a workload that bench brings along
  kubectl tanist bench --floor --traffic

  # Deletes and evictions of the leaders of your own Service, with a page of plots
  kubectl tanist bench payments -n shop --mode delete,evict --failovers 20 --report bench.html

  # A hundred leaders lost in one request
  kubectl tanist bench --burst --services 100 --pods 2 --floor`

// benchFlags are what the command line says beyond bench's own options.
type benchFlags struct {
	options bench.Options
	modes   []string
	output  string
	report  string
}

func newBenchCommand(kubeconfig *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams, version string) *cobra.Command {
	flags := benchFlags{options: bench.DefaultOptions(version)}
	command := &cobra.Command{
		Use: "bench [SERVICE]", Short: "Measure failovers", Long: benchLong, Example: benchExample,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := flags.complete(kubeconfig, args, command.Flags().Changed("failovers")); err != nil {
				return err
			}
			return flags.run(command.Context(), kubeconfig, streams)
		},
	}
	flags.add(command)
	return command
}

func (f *benchFlags) add(command *cobra.Command) {
	o, flags := &f.options, command.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.Failovers, "failovers", o.Failovers,
		fmt.Sprintf("failovers to measure per mode, and as many of the floor (with --burst: rounds, %d by default)", burstRounds))
	flags.StringSliceVar(&f.modes, "mode", []string{string(bench.ModeDelete)},
		"how the leader is taken away: delete, force, evict, readiness or crash; several are measured one after another")
	flags.BoolVar(&o.Floor, "floor", o.Floor, "measure a bare watch-and-patch loop beside Tanist, one for one")
	flags.StringVar(&o.FloorFrom, "floor-from", o.FloorFrom,
		"where that loop runs: in a pod with the resources of Tanist's, on this host, or auto: in a pod where pods really run")
	flags.BoolVar(&o.Traffic, "traffic", o.Traffic, "send requests to the leader Service meanwhile")
	flags.StringVar(&o.TrafficFrom, "traffic-from", o.TrafficFrom, "where requests come from: a pod in the cluster, or this host, which must reach ClusterIPs")
	flags.IntVar(&o.TrafficRate, "traffic-rate", o.TrafficRate,
		fmt.Sprintf("new connections a second per client address, below %d", bench.MaxTrafficRate))
	flags.StringVar(&o.TrafficPath, "traffic-path", o.TrafficPath, "path of the requests")
	flags.StringVarP(&f.output, "output", "o", "table", "output: table or json")
	flags.StringVar(&f.report, "report", "", "write an HTML report with plots to this file")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "how long a failover is waited for before it counts as missed")
	flags.DurationVar(&o.ReadyTimeout, "ready-timeout", o.ReadyTimeout, "how long pods may take to be ready, with a leader, and those before them to be gone")
	flags.DurationVar(&o.Settle, "settle", o.Settle, "how long leader and pods must be unchanged before a failover")
	flags.StringVar(&o.Image, "image", o.Image, "image of bench's own pods")
	flags.IntVar(&o.Pods, "pods", o.Pods, "pods of each of bench's own workloads")
	flags.DurationVar(&o.PreStop, "pre-stop", o.PreStop, "how long bench's own pods keep serving after their deletion begins")
	flags.StringVar(&o.Nodes, "nodes", o.Nodes, "nodes for bench's own pods: real, simulated (KWOK) or auto, which prefers real ones")
	flags.BoolVar(&o.Burst, "burst", o.Burst, "delete the leaders of many Services with one request instead")
	flags.IntVar(&o.Services, "services", o.Services, "how many Services a burst has")
	flags.BoolVar(&o.AllowNotEnabled, "allow-not-enabled", o.AllowNotEnabled,
		"measure a Service although it or its namespace is not opted in to Tanist")
}

// complete turns the command line into valid options, before anything is asked of a cluster.
func (f *benchFlags) complete(kubeconfig *genericclioptions.ConfigFlags, args []string, failoversSet bool) error {
	if f.output != "table" && f.output != "json" {
		return fmt.Errorf("--output must be table or json, got %q", f.output)
	}
	var err error
	if f.options.Modes, err = bench.ParseModes(f.modes); err != nil {
		return err
	}
	if f.options.Burst && !failoversSet {
		f.options.Failovers = burstRounds
	}
	if len(args) == 1 {
		f.options.Service = args[0]
		if f.options.Namespace, _, err = kubeconfig.ToRawKubeConfigLoader().Namespace(); err != nil {
			return fmt.Errorf("failed to read namespace: %w", err)
		}
	}
	return f.options.Validate()
}

// run measures and writes what was measured, also when the run did not come to its end.
func (f *benchFlags) run(ctx context.Context, kubeconfig *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) error {
	config, err := kubeconfig.ToRESTConfig()
	if err != nil {
		return fmt.Errorf("failed to read kubeconfig: %w", err)
	}
	clients, err := bench.NewClients(config, f.options.Version)
	if err != nil {
		return err
	}
	report, err := bench.Run(ctx, clients, f.options, bench.NewConsole(streams.ErrOut))
	if report == nil {
		return err
	}
	return errors.Join(err, f.write(report, streams.Out))
}

func (f *benchFlags) write(report *bench.Report, out io.Writer) error {
	print := report.WriteTable
	if f.output == "json" {
		print = report.WriteJSON
	}
	err := print(out)
	if f.report == "" {
		return err
	}
	return errors.Join(err, writeFile(f.report, report.WriteHTML))
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("failed to write report: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
