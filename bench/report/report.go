package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is the outcome of a run, as `-o json` prints it. Fields that end in Ms are milliseconds.
type Report struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Interrupted is true when the run ended before it had measured everything.
	Interrupted bool `json:"interrupted,omitempty"`

	Environment Environment `json:"environment"`
	Target      Target      `json:"target"`
	Settings    Settings    `json:"settings"`
	Rows        []Row       `json:"rows"`
	// Published is nil for a Service that bench did not create.
	Published *Published `json:"published,omitempty"`
	// Notes are what a reader must know to interpret the rows, such as failovers that could not be provoked.
	Notes []string `json:"notes,omitempty"`
}

// Environment is where a run was measured. Absolute figures mean little without it.
type Environment struct {
	// ServerVersion is the API server's, BenchVersion this program's.
	ServerVersion string `json:"serverVersion"`
	BenchVersion  string `json:"benchVersion"`
	// Host is the operating system, architecture and number of CPUs of the machine that measured.
	Host string `json:"host"`
	// APIRoundTripMs is the median time of a trivial request from that machine. A floor that runs there pays it with each request
	// and a Tanist inside the cluster does not: several milliseconds make the ratios favour Tanist.
	APIRoundTripMs float64 `json:"apiRoundTripMs"`
	// Nodes are the real nodes, SimulatedNodes is how many KWOK nodes there are in addition.
	Nodes          []Node `json:"nodes"`
	SimulatedNodes int    `json:"simulatedNodes"`
}

// Node is one real node.
type Node struct {
	Name             string `json:"name"`
	Ready            bool   `json:"ready"`
	CPUs             string `json:"cpus"`
	Memory           string `json:"memory"`
	KubeletVersion   string `json:"kubeletVersion"`
	ContainerRuntime string `json:"containerRuntime"`
	KernelVersion    string `json:"kernelVersion"`
	OSImage          string `json:"osImage"`
}

// Target is the Service that was measured.
type Target struct {
	Namespace     string `json:"namespace"`
	Service       string `json:"service"`
	LeaderService string `json:"leaderService"`
	// Pods is how many ready pods the Service had, and must have again before each failover.
	Pods int `json:"pods"`
	// OwnWorkload is true when bench created the Service and its pods.
	OwnWorkload bool `json:"ownWorkload"`
	// Image is what bench's own pods ran; empty when there were none.
	Image string `json:"image,omitempty"`
}

// Settings are the options that shape the figures.
type Settings struct {
	Failovers int    `json:"failovers"`
	Modes     []Mode `json:"modes"`
	Floor     bool   `json:"floor"`
	// FloorFrom is where the floor's loop ran: pod or host.
	FloorFrom   string  `json:"floorFrom,omitempty"`
	TimeoutMs   float64 `json:"timeoutMs"`
	SettleMs    float64 `json:"settleMs"`
	PreStopMs   float64 `json:"preStopMs"`
	Traffic     bool    `json:"traffic"`
	TrafficFrom string  `json:"trafficFrom,omitempty"`
	// TrafficRate is how many new connections per second each leader Service received.
	TrafficRate int `json:"trafficRate,omitempty"`
	Services    int `json:"services"`
}

// Published are the figures that zen-lead, from which this project started, published for 50 failovers, in its own setting and measured by
// polling. A report about bench's own workload shows them for orientation; they are no comparison on equal terms.
type Published struct {
	Failovers int     `json:"failovers"`
	MinMs     float64 `json:"minMs"`
	MaxMs     float64 `json:"maxMs"`
	MeanMs    float64 `json:"meanMs"`
}

// Complete derives statistics, ratios and notes from the samples. It must be called once.
func (r *Report) Complete() {
	if r.Target.OwnWorkload {
		r.Published = &Published{Failovers: 50, MinMs: 910, MaxMs: 4860, MeanMs: 1280}
	}
	for i := range r.Rows {
		r.Rows[i].complete()
		r.Notes = append(r.Notes, r.Rows[i].notes()...)
	}
	compare(r.Rows)
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("failed to write report: %w", err)
	}
	return nil
}
