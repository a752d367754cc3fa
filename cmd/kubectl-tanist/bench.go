package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/tanist-dev/tanist/bench"
	"github.com/tanist-dev/tanist/bench/provoke"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/traffic"
	kubeconfigpkg "github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
)

// burstRounds is the default number of rounds of a burst. Each round takes away all leaders.
const burstRounds = 5

const benchLong = `Take a Service's leader away again and again and measure how long the API needs to show the next one.

Without SERVICE, bench creates a namespace with a workload of its own and removes it afterwards, even after Ctrl-C. With SERVICE, it
deletes or evicts that Service's leaders, one after another: the Service's clients notice these failovers like any other. So it asks first, and
needs --yes where there is no terminal to ask on. It changes nothing else in that namespace, and refuses a Service whose owner has not opted in,
or has paused its hand-overs.
With --traffic or --floor it also creates a namespace of its own (tanist-bench-plain-...), for its clients and its loop, and removes it
at the end.

With --floor, each failover is followed by one of a bare watch-and-patch loop on a second workload with a Service like the first: what
the API server alone costs. A loss that nobody announces (crash, freeze, node) it sees when Kubernetes has noticed.

With --traffic, clients send requests meanwhile at a constant rate, whether or not earlier ones were answered, on new connections and on kept
ones. A request fails if it is not answered within a second of when it was due.`

const benchExample = `  # Fifty graceful deletes beside the floor, with traffic, on a workload of bench's own
  kubectl tanist bench --floor --traffic

  # Deletes and evictions of the leaders of your own Service, with a page of plots
  kubectl tanist bench payments -n shop --mode delete,evict --failovers 20 --report bench.html --yes

  # A hundred leaders lost in one request
  kubectl tanist bench --burst --services 100 --pods 2 --floor`

// benchFlags are bench's options and the flags that are not among them.
type benchFlags struct {
	options bench.Options
	modes   []string
	output  string
	report  string
	// yes is whether leaders of a user's Service may be taken away without a question.
	yes bool
}

func newBenchCommand(kubeconfig *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams, version string) *cobra.Command {
	flags := benchFlags{options: bench.DefaultOptions(version)}
	command := &cobra.Command{
		Use: "bench [SERVICE]", Short: "Measure failovers", Long: benchLong, Example: benchExample,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return kubeconfigpkg.OneService(command, args)
		},
		RunE: func(command *cobra.Command, args []string) error {
			if err := flags.complete(kubeconfig, args, command.Flags().Changed("failovers")); err != nil {
				return err
			}
			if err := flags.confirm(command.Context(), kubeconfig, streams); err != nil {
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
		fmt.Sprintf("failovers to measure per mode, of Tanist and of the floor each (with --burst: rounds, %d by default)", burstRounds))
	flags.StringSliceVar(&f.modes, "mode", []string{string(report.ModeDelete)},
		"how to take the leader away: delete, force, evict, readiness, crash, freeze (it hangs) or node (you switch its node off when told); several modes are measured one after another")
	flags.BoolVar(&o.Floor, "floor", o.Floor, "measure a bare watch-and-patch loop beside Tanist, in turns")
	flags.StringVar(&o.FloorFrom, "floor-from", o.FloorFrom,
		"where that loop runs: pod (with the resources of Tanist's), host (this one), or auto: pod, unless nodes are simulated")
	flags.BoolVar(&o.Traffic, "traffic", o.Traffic, "send requests to the leader Service meanwhile")
	flags.StringVar(&o.TrafficFrom, "traffic-from", o.TrafficFrom, "where requests come from: pod (in the cluster) or host (this one, which must reach ClusterIPs)")
	flags.IntVar(&o.TrafficRate, "traffic-rate", o.TrafficRate,
		fmt.Sprintf("new connections per second and client address, below %d", traffic.MaxRate))
	flags.StringVar(&o.TrafficPath, "traffic-path", o.TrafficPath, "path of the requests")
	flags.StringVarP(&f.output, "output", "o", "table", "output: table or json")
	flags.StringVar(&f.report, "report", "", "write an HTML report with plots to this file")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "how long a failover may take before it counts as missed")
	flags.DurationVar(&o.ReadyTimeout, "ready-timeout", o.ReadyTimeout, "how long it may take, before each failover, until all pods are ready, one leads and no pod terminates")
	flags.DurationVar(&o.Settle, "settle", o.Settle, "how long leader and pods must have been unchanged before a failover")
	flags.StringVar(&o.Image, "image", o.Image, "image of bench's own pods")
	flags.IntVar(&o.Pods, "pods", o.Pods, "pods of each of bench's own workloads")
	flags.DurationVar(&o.PreStop, "pre-stop", o.PreStop, "how long bench's own pods keep serving after their deletion begins")
	flags.StringVar(&o.Nodes, "nodes", o.Nodes, "nodes for bench's own pods: real, simulated (KWOK), or auto: real if there are any")
	flags.BoolVar(&o.Burst, "burst", o.Burst, "delete the leaders of many Services with one request instead")
	flags.IntVar(&o.Services, "services", o.Services, "number of Services in a burst")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask before leaders of SERVICE are taken away")
	flags.BoolVar(&o.AllowNotEnabled, "allow-not-enabled", o.AllowNotEnabled,
		"measure a Service even if it or its namespace is not opted in to Tanist")
}

// complete turns the command line into valid options. It sends no request to a cluster.
func (f *benchFlags) complete(kubeconfig *genericclioptions.ConfigFlags, args []string, failoversSet bool) error {
	if f.output != "table" && f.output != "json" {
		return fmt.Errorf("--output must be table or json, got %q", f.output)
	}
	var err error
	if f.options.Modes, err = provoke.ParseModes(f.modes); err != nil {
		return err
	}
	if f.options.Burst && !failoversSet {
		f.options.Failovers = burstRounds
	}
	if len(args) == 1 {
		f.options.Service = kubeconfigpkg.ServiceName(args[0])
		if f.options.Namespace, _, err = kubeconfig.ToRawKubeConfigLoader().Namespace(); err != nil {
			return fmt.Errorf("failed to read namespace: %w", err)
		}
	}
	return f.options.Validate()
}

// run measures and writes what was measured, even when the run was interrupted.
func (f *benchFlags) run(ctx context.Context, kubeconfig *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) error {
	config, err := kubeconfig.ToRESTConfig()
	if err != nil {
		return fmt.Errorf("failed to read kubeconfig: %w", err)
	}
	clients, err := bench.NewClients(config, f.options.Version)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // if a reader of the output ends, bench still removes what it has created
	measured, err := bench.Run(ctx, clients, f.options, bench.NewConsole(streams.ErrOut))
	if measured == nil {
		return err
	}
	return errors.Join(err, f.write(measured, streams.Out))
}

func (f *benchFlags) write(measured *report.Report, out io.Writer) error {
	print := measured.WriteTable
	if f.output == "json" {
		print = measured.WriteJSON
	}
	err := print(out)
	if f.report == "" {
		return err
	}
	return errors.Join(err, writeFile(f.report, measured.WriteHTML))
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("failed to write report: %w", err)
	}
	return errors.Join(write(file), file.Close())
}
