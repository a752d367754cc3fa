package testbed

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/report"
)

// Which nodes bench's own pods run on.
const (
	// NodesAuto is NodesReal where there are real nodes, otherwise NodesSimulated.
	NodesAuto = "auto"
	// NodesReal are nodes with a kubelet.
	NodesReal = "real"
	// NodesSimulated are KWOK nodes: pods become ready there, but no process runs.
	NodesSimulated = "simulated"
)

// KWOK's own names: the annotation and taint of nodes that it manages, and the label in its manifests.
const (
	kwokKey        = "kwok.x-k8s.io/node"
	kwokLabel      = "type"
	kwokLabelValue = "kwok"
)

// roundTrips is how many requests the API server's round trip is the median of.
const roundTrips = 11

// Cluster is the environment of a run and on which of its nodes pods run.
type Cluster struct {
	report.Environment
	// Simulated are the names of the KWOK nodes.
	Simulated map[string]bool
	// realHosts are the hostname labels of the real nodes that are ready, simulatedHosts those of the KWOK nodes.
	realHosts, simulatedHosts []string
}

// Placement is where bench's own pods go.
type Placement struct {
	// hosts are the hostname labels of the nodes to choose from. Empty leaves the choice to the scheduler, where all nodes are of one kind.
	hosts []string
	// Simulated is true when these are KWOK nodes.
	Simulated bool
}

// Inspect asks a cluster for its version, its round trip and its nodes.
func Inspect(ctx context.Context, client kubernetes.Interface, version string) (Cluster, error) {
	c := Cluster{Simulated: map[string]bool{}, Environment: report.Environment{
		BenchVersion: version, Nodes: []report.Node{},
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
	host := node.Labels[corev1.LabelHostname]
	if isSimulated(node) {
		c.SimulatedNodes++
		c.Simulated[node.Name] = true
		c.simulatedHosts = append(c.simulatedHosts, host)
		return
	}
	real := nodeOf(node)
	c.Nodes = append(c.Nodes, real)
	if real.Ready {
		c.realHosts = append(c.realHosts, host)
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

// Place chooses the nodes for bench's own pods. Where all nodes are of one kind, it leaves the choice to the scheduler.
func (c Cluster) Place(nodes string) (Placement, error) {
	switch {
	case nodes != NodesSimulated && len(c.realHosts) > 0:
		if c.SimulatedNodes == 0 {
			return Placement{}, nil
		}
		return Placement{hosts: c.realHosts}, nil
	case nodes != NodesReal && c.SimulatedNodes > 0:
		if len(c.Nodes) == 0 {
			return Placement{Simulated: true}, nil
		}
		return Placement{Simulated: true, hosts: c.simulatedHosts}, nil
	}
	return Placement{}, fmt.Errorf("--nodes %s: the cluster has %d real nodes that are ready and %d simulated ones",
		nodes, len(c.realHosts), c.SimulatedNodes)
}
