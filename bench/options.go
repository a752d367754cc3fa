package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/tanist-dev/tanist/bench/provoke"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/traffic"
)

// Where the traffic comes from.
const (
	// TrafficFromPod runs a client pod in the cluster, which works from any machine.
	TrafficFromPod = "pod"
	// TrafficFromHost sends requests from the machine that bench runs on, which must reach ClusterIPs.
	TrafficFromHost = "host"
)

// Where the floor's loop runs.
const (
	// FloorFromAuto is FloorFromPod where bench's pods really run, and FloorFromHost on simulated nodes.
	FloorFromAuto = "auto"
	// FloorFromPod runs it in a pod with the resources of Tanist's: as near to the API server and with the same share of a CPU.
	FloorFromPod = "pod"
	// FloorFromHost runs it in bench's own process.
	FloorFromHost = "host"
)

// Options are what to measure. The zero value is not valid: start with DefaultOptions.
type Options struct {
	// Service is the user's Service to measure. If it is empty, bench creates a workload of its own.
	Service string
	// Namespace is the Service's. It is ignored without Service.
	Namespace string
	// AllowNotEnabled measures a Service even if it or its namespace is not opted in to Tanist.
	AllowNotEnabled bool

	// Modes are the ways to take the leader away, one after another.
	Modes []report.Mode
	// Failovers is how many are measured per mode, of Tanist and of the floor each. With Burst, it is the number of rounds.
	Failovers int
	// Timeout is how long one failover may take before it counts as missed.
	Timeout time.Duration
	// Settle is how long leader and pods must have been unchanged before the next failover, with no pod terminating.
	Settle time.Duration
	// ReadyTimeout is how long it may take, at the start and before each failover, until all pods are ready, one leads, and no pod
	// terminates.
	ReadyTimeout time.Duration

	// Floor measures the bare watch-and-patch loop beside Tanist, in turns.
	Floor bool
	// FloorFrom is FloorFromAuto, FloorFromPod or FloorFromHost.
	FloorFrom string

	// Traffic sends requests through the leader Services while leaders come and go.
	Traffic bool
	// TrafficFrom is TrafficFromPod or TrafficFromHost.
	TrafficFrom string
	// TrafficRate is how many new connections per second one client address opens, below traffic.MaxRate.
	TrafficRate int
	// TrafficPath is the path of the requests.
	TrafficPath string

	// Image is the image of bench's own pods.
	Image string
	// Pods is how many pods each of bench's own workloads has.
	Pods int
	// PreStop is how long bench's own pods keep serving after their deletion begins. 0 leaves that to the cluster's admission.
	PreStop time.Duration
	// Nodes is NodesAuto, NodesReal or NodesSimulated.
	Nodes string

	// Burst deletes the leaders of many Services with one request, instead of one leader after another.
	Burst bool
	// Services is how many leader Services a burst has.
	Services int

	// Version is the program's own, for the report.
	Version string
}

// DefaultOptions returns the defaults of all flags. Only Image depends on the program's version.
func DefaultOptions(version string) Options {
	return Options{
		Modes:        []report.Mode{report.ModeDelete},
		Failovers:    50,
		Timeout:      30 * time.Second,
		Settle:       time.Second,
		ReadyTimeout: 2 * time.Minute,
		FloorFrom:    FloorFromAuto,
		TrafficFrom:  TrafficFromPod,
		TrafficRate:  150,
		TrafficPath:  "/",
		Image:        "ghcr.io/tanist-dev/kubectl-tanist:" + version,
		Pods:         3,
		Nodes:        testbed.NodesAuto,
		Services:     100,
		Version:      version,
	}
}

// Validate returns all mistakes in the options, joined, each with its flag.
func (o Options) Validate() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(o.Failovers < 1, "--failovers must be at least 1, got %d", o.Failovers)
	refuse(len(o.Modes) == 0, "--mode must name at least one of %s", provoke.ModeList())
	refuse(o.Timeout <= 0, "--timeout must be longer than 0s, got %s", o.Timeout)
	refuse(o.Settle < 0, "--settle must not be negative, got %s", o.Settle)
	refuse(o.ReadyTimeout <= o.Settle, "--ready-timeout must be longer than --settle (%s), got %s", o.Settle, o.ReadyTimeout)
	refuse(o.Pods < 2, "--pods must be at least 2, a leader and a successor, got %d", o.Pods)
	refuse(o.PreStop < 0 || o.PreStop%time.Second != 0, "--pre-stop must be whole seconds, got %s", o.PreStop)
	refuse(o.Image == "", "--image must not be empty")
	refuse(o.FloorFrom != FloorFromAuto && o.FloorFrom != FloorFromPod && o.FloorFrom != FloorFromHost,
		"--floor-from must be %s, %s or %s, got %q", FloorFromAuto, FloorFromPod, FloorFromHost, o.FloorFrom)
	refuse(o.TrafficRate < 1 || o.TrafficRate >= traffic.MaxRate,
		"--traffic-rate must be from 1 to %d new connections per second, got %d", traffic.MaxRate-1, o.TrafficRate)
	refuse(o.TrafficFrom != TrafficFromPod && o.TrafficFrom != TrafficFromHost,
		"--traffic-from must be %s or %s, got %q", TrafficFromPod, TrafficFromHost, o.TrafficFrom)
	refuse(o.TrafficPath == "" || o.TrafficPath[0] != '/', "--traffic-path must begin with a slash, got %q", o.TrafficPath)
	refuse(o.Nodes != testbed.NodesAuto && o.Nodes != testbed.NodesReal && o.Nodes != testbed.NodesSimulated,
		"--nodes must be %s, %s or %s, got %q", testbed.NodesAuto, testbed.NodesReal, testbed.NodesSimulated, o.Nodes)
	for _, mode := range o.Modes {
		refuse(o.Service != "" && provoke.OwnPodsOnly(mode),
			"--mode %s works only on bench's own workload: omit the Service's name", mode)
	}
	o.validateBurst(refuse)
	return errors.Join(errs...)
}

// validateBurst refuses what a burst cannot do.
func (o Options) validateBurst(refuse func(bad bool, format string, args ...any)) {
	if !o.Burst {
		return
	}
	refuse(o.Service != "", "--burst creates its own Services: omit the Service's name")
	refuse(o.Services < 1 || o.Services > 1000, "--services must be from 1 to 1000, got %d", o.Services)
	refuse(o.Traffic, "--burst measures the API alone: omit --traffic")
	refuse(len(o.Modes) != 1 || o.Modes[0] != report.ModeDelete, "--burst deletes leaders: omit --mode")
}

// needsPods returns whether bench creates pods of its own.
func (o Options) needsPods() bool {
	return o.Service == "" || o.Floor || o.Traffic && o.TrafficFrom == TrafficFromPod
}
