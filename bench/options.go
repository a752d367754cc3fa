package bench

import (
	"errors"
	"fmt"
	"time"
)

// MaxTrafficRate is the number of new connections per second below which a client address must stay. Above it, source ports
// are reused while a node's conntrack table still maps them to a pod that is gone (Linux: 120 seconds after a connection has ended,
// in which this rate takes 24,000 ports), and the failures seen are the client's own.
const MaxTrafficRate = 200

// Where the traffic comes from.
const (
	// TrafficFromPod runs a client pod in the cluster: works from any machine.
	TrafficFromPod = "pod"
	// TrafficFromHost sends requests from the machine bench runs on, which must reach ClusterIPs.
	TrafficFromHost = "host"
)

// Where the floor's loop runs.
const (
	// FloorFromAuto is FloorFromPod where bench's pods really run, and FloorFromHost on simulated nodes.
	FloorFromAuto = "auto"
	// FloorFromPod runs it in a pod with the resources of Tanist's: as near to the API server, and with as much of a CPU.
	FloorFromPod = "pod"
	// FloorFromHost runs it in bench's own process.
	FloorFromHost = "host"
)

// On which nodes bench puts its own pods.
const (
	// NodesAuto means real nodes where there are any, otherwise simulated ones.
	NodesAuto = "auto"
	// NodesReal are nodes with a kubelet.
	NodesReal = "real"
	// NodesSimulated are KWOK nodes: pods appear ready there, but no process runs.
	NodesSimulated = "simulated"
)

// Options say what to measure. The zero value is not valid; DefaultOptions is where to start.
type Options struct {
	// Service is the user's Service to measure; empty: bench brings its own workload along.
	Service string
	// Namespace is the Service's; ignored without Service.
	Namespace string
	// AllowNotEnabled measures a Service although its namespace or itself is not opted in to Tanist.
	AllowNotEnabled bool

	// Modes are the ways to take the leader away, one after another.
	Modes []Mode
	// Failovers is how many are measured per mode, and as many of the floor. With Burst, the number of rounds.
	Failovers int
	// Timeout is how long one failover is waited for before it counts as missed.
	Timeout time.Duration
	// Settle is how long leader and pods must have been unchanged before the next failover, those that terminate gone.
	Settle time.Duration
	// ReadyTimeout is how long pods may need to be ready, with a leader, before a failover or at the start, and those that terminate
	// to be gone.
	ReadyTimeout time.Duration

	// Floor measures the bare watch-and-patch loop beside Tanist, one for one.
	Floor bool
	// FloorFrom is FloorFromAuto, FloorFromPod or FloorFromHost.
	FloorFrom string

	// Traffic sends requests through the leader Services while leaders come and go.
	Traffic bool
	// TrafficFrom is TrafficFromPod or TrafficFromHost.
	TrafficFrom string
	// TrafficRate is how many new connections a second one client address opens, below MaxTrafficRate.
	TrafficRate int
	// TrafficPath is the path of the requests.
	TrafficPath string

	// Image is what the pods of bench run.
	Image string
	// Pods is how many of them each of bench's own workloads has.
	Pods int
	// PreStop is how long bench's own pods keep serving after their deletion begins; 0: as long as the cluster's admission says.
	PreStop time.Duration
	// Nodes is NodesAuto, NodesReal or NodesSimulated.
	Nodes string

	// Burst deletes the leaders of many Services at once instead of one leader after another.
	Burst bool
	// Services is how many leader Services a burst has.
	Services int

	// Version is the program's own, for the report.
	Version string
}

// DefaultOptions are the values of flags that nobody set. Image is the only one that depends on the program's version.
func DefaultOptions(version string) Options {
	return Options{
		Modes:        []Mode{ModeDelete},
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
		Nodes:        NodesAuto,
		Services:     100,
		Version:      version,
	}
}

// Validate returns every reason why these options cannot be run, joined, each naming its flag.
func (o Options) Validate() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(o.Failovers < 1, "--failovers must be at least 1, got %d", o.Failovers)
	refuse(len(o.Modes) == 0, "--mode must name at least one of %s", joinModes(Modes()))
	refuse(o.Timeout <= 0, "--timeout must be longer than 0s, got %s", o.Timeout)
	refuse(o.Settle < 0, "--settle must not be negative, got %s", o.Settle)
	refuse(o.ReadyTimeout <= o.Settle, "--ready-timeout must be longer than --settle (%s), got %s", o.Settle, o.ReadyTimeout)
	refuse(o.Pods < 2, "--pods must be at least 2, a leader and a successor, got %d", o.Pods)
	refuse(o.PreStop < 0 || o.PreStop%time.Second != 0, "--pre-stop must be whole seconds, got %s", o.PreStop)
	refuse(o.Image == "", "--image must not be empty")
	refuse(o.FloorFrom != FloorFromAuto && o.FloorFrom != FloorFromPod && o.FloorFrom != FloorFromHost,
		"--floor-from must be %s, %s or %s, got %q", FloorFromAuto, FloorFromPod, FloorFromHost, o.FloorFrom)
	refuse(o.TrafficRate < 1 || o.TrafficRate >= MaxTrafficRate,
		"--traffic-rate must be from 1 to %d new connections a second, got %d", MaxTrafficRate-1, o.TrafficRate)
	refuse(o.TrafficFrom != TrafficFromPod && o.TrafficFrom != TrafficFromHost,
		"--traffic-from must be %s or %s, got %q", TrafficFromPod, TrafficFromHost, o.TrafficFrom)
	refuse(o.TrafficPath == "" || o.TrafficPath[0] != '/', "--traffic-path must begin with a slash, got %q", o.TrafficPath)
	refuse(o.Nodes != NodesAuto && o.Nodes != NodesReal && o.Nodes != NodesSimulated,
		"--nodes must be %s, %s or %s, got %q", NodesAuto, NodesReal, NodesSimulated, o.Nodes)
	for _, mode := range o.Modes {
		refuse(o.Service != "" && mode.needsOwnWorkload(),
			"--mode %s works only on the workload bench brings along: leave the Service's name out", mode)
	}
	if o.Burst {
		refuse(o.Service != "", "--burst brings its own Services: leave the Service's name out")
		refuse(o.Services < 1 || o.Services > 1000, "--services must be from 1 to 1000, got %d", o.Services)
		refuse(o.Traffic, "--burst measures the API only: leave --traffic out")
		refuse(len(o.Modes) != 1 || o.Modes[0] != ModeDelete, "--burst deletes leaders: leave --mode out")
	}
	return errors.Join(errs...)
}
