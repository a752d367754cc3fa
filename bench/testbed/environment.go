package testbed

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/report"
)

// Which nodes bench's own pods run on.
const (
	// NodesAuto is NodesReal if a real node is ready, otherwise NodesSimulated.
	NodesAuto = "auto"
	// NodesReal are nodes with a kubelet.
	NodesReal = "real"
	// NodesSimulated are KWOK nodes: pods become ready there, but no process runs.
	NodesSimulated = "simulated"
)

// kwokKey is the annotation and the taint of the nodes that KWOK manages. Nodes from its manifests have the label type=kwok.
const (
	kwokKey        = "kwok.x-k8s.io/node"
	kwokLabel      = "type"
	kwokLabelValue = "kwok"
)

// roundTrips is how many requests are timed. Their median is the API server's round trip. The number is odd, so that the median is one of
// them.
const roundTrips = 11

// Cluster is what Inspect found: the environment of the report, and the nodes on which pods can run.
type Cluster struct {
	report.Environment
	// Simulated has the names of the KWOK nodes.
	Simulated sets.Set[string]
	// realHostnames are the hostname labels of the real nodes that are ready, simulatedHostnames those of the KWOK nodes.
	realHostnames, simulatedHostnames []string
}

// Placement is where bench's own pods run.
type Placement struct {
	// hostnames are the hostname labels of the nodes to choose from. It is empty if all nodes are of one kind: then the scheduler may choose
	// any.
	hostnames []string
	// Simulated says that the pods go to KWOK nodes.
	Simulated bool
}

// Inspect reads a cluster's version and nodes, and measures the round trip to its API server.
func Inspect(ctx context.Context, client kubernetes.Interface, benchVersion string) (Cluster, error) {
	c := Cluster{Simulated: sets.New[string](), Environment: report.Environment{
		BenchVersion: benchVersion, Nodes: []report.Node{},
		Host: fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}}
	var trips []float64
	for range roundTrips {
		began := time.Now()
		server, err := client.Discovery().ServerVersion()
		if err != nil {
			return c, fmt.Errorf("failed to get the API server's version: %w", err)
		}
		trips = append(trips, report.Milliseconds(time.Since(began)))
		c.ServerVersion = server.GitVersion
	}
	slices.Sort(trips)
	c.APIRoundTripMs = trips[roundTrips/2]

	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return c, fmt.Errorf("failed to list nodes: %w", err)
	}
	for _, node := range nodes.Items {
		c.add(&node)
	}
	return c, nil
}

func (c *Cluster) add(node *corev1.Node) {
	hostname := node.Labels[corev1.LabelHostname]
	if isSimulated(node) {
		c.SimulatedNodes++
		c.Simulated.Insert(node.Name)
		c.simulatedHostnames = append(c.simulatedHostnames, hostname)
		return
	}
	real := nodeOf(node)
	c.Nodes = append(c.Nodes, real)
	if real.Ready {
		c.realHostnames = append(c.realHostnames, hostname)
	}
}

func isSimulated(node *corev1.Node) bool {
	_, annotated := node.Annotations[kwokKey]
	return annotated || node.Labels[kwokLabel] == kwokLabelValue
}

func nodeOf(node *corev1.Node) report.Node {
	info := node.Status.NodeInfo
	ready := false
	for _, condition := range node.Status.Conditions {
		ready = ready || condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	}
	return report.Node{
		Name: node.Name, Ready: ready,
		CPUs: node.Status.Capacity.Cpu().String(), Memory: node.Status.Capacity.Memory().String(),
		KubeletVersion: info.KubeletVersion, ContainerRuntime: info.ContainerRuntimeVersion,
		KernelVersion: info.KernelVersion, OSImage: info.OSImage,
	}
}

// Place chooses the nodes for bench's own pods, of a kind: NodesAuto, NodesReal or NodesSimulated. If all nodes are of one kind, it leaves
// the choice to the scheduler.
func (c Cluster) Place(kind string) (Placement, error) {
	switch {
	case kind != NodesSimulated && len(c.realHostnames) > 0:
		if c.SimulatedNodes == 0 {
			return Placement{}, nil
		}
		return Placement{hostnames: c.realHostnames}, nil
	case kind != NodesReal && c.SimulatedNodes > 0:
		if len(c.Nodes) == 0 {
			return Placement{Simulated: true}, nil
		}
		return Placement{Simulated: true, hostnames: c.simulatedHostnames}, nil
	}
	return Placement{}, fmt.Errorf("--nodes %s: the cluster has %d real nodes that are ready and %d simulated ones",
		kind, len(c.realHostnames), c.SimulatedNodes)
}
