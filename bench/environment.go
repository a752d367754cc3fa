package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Environment is where a run was measured. Absolute figures mean little without it.
type Environment struct {
	// ServerVersion is the API server's, BenchVersion this program's.
	ServerVersion string `json:"serverVersion"`
	BenchVersion  string `json:"benchVersion"`
	// Host is the operating system, architecture and number of CPUs of the machine that measured.
	Host string `json:"host"`
	// APIRoundTripMs is the median time of a trivial request from that machine. The floor's loop runs there, too: where this is
	// several milliseconds, the floor pays them and a Tanist inside the cluster does not.
	APIRoundTripMs float64 `json:"apiRoundTripMs"`
	// Nodes are the real nodes, SimulatedNodes is how many KWOK nodes there are besides.
	Nodes          []Node `json:"nodes"`
	SimulatedNodes int    `json:"simulatedNodes"`

	// simulated names the KWOK nodes.
	simulated map[string]bool
	// realHosts are the host name labels of the real nodes that are ready, simulatedHosts those of the KWOK nodes.
	realHosts, simulatedHosts []string
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

// KWOK's own names: the annotation and taint of nodes it manages, and the label its manifests give them.
const (
	kwokKey        = "kwok.x-k8s.io/node"
	kwokLabel      = "type"
	kwokLabelValue = "kwok"
)

// survey asks the cluster what it is.
func survey(ctx context.Context, client kubernetes.Interface, version string) (Environment, error) {
	env := Environment{
		BenchVersion: version, Nodes: []Node{}, simulated: map[string]bool{},
		Host: fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}
	var trips []float64
	for range 11 {
		began := time.Now()
		server, err := client.Discovery().ServerVersion()
		if err != nil {
			return env, fmt.Errorf("failed to ask the API server's version: %w", err)
		}
		trips = append(trips, milliseconds(time.Since(began)))
		env.ServerVersion = server.GitVersion
	}
	slices.Sort(trips)
	env.APIRoundTripMs = nearestRank(trips, 50)

	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return env, fmt.Errorf("failed to list nodes: %w", err)
	}
	for _, node := range nodes.Items {
		env.add(&node)
	}
	return env, nil
}

func (e *Environment) add(node *corev1.Node) {
	host := node.Labels[corev1.LabelHostname]
	if isSimulated(node) {
		e.SimulatedNodes++
		e.simulated[node.Name] = true
		e.simulatedHosts = append(e.simulatedHosts, host)
		return
	}
	real := nodeOf(node)
	e.Nodes = append(e.Nodes, real)
	if real.Ready {
		e.realHosts = append(e.realHosts, host)
	}
}

func isSimulated(node *corev1.Node) bool {
	_, annotated := node.Annotations[kwokKey]
	return annotated || node.Labels[kwokLabel] == kwokLabelValue
}

func nodeOf(node *corev1.Node) Node {
	info := node.Status.NodeInfo
	ready := false
	for _, condition := range node.Status.Conditions {
		ready = ready || condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	}
	return Node{
		Name: node.Name, Ready: ready,
		CPUs: node.Status.Capacity.Cpu().String(), Memory: node.Status.Capacity.Memory().String(),
		KubeletVersion: info.KubeletVersion, ContainerRuntime: info.ContainerRuntimeVersion,
		KernelVersion: info.KernelVersion, OSImage: info.OSImage,
	}
}

// place decides on which nodes bench's own pods go. Where all nodes are of one kind, the scheduler chooses among them.
func (e Environment) place(nodes string) (placement, error) {
	switch {
	case nodes != NodesSimulated && len(e.realHosts) > 0:
		if e.SimulatedNodes == 0 {
			return placement{}, nil
		}
		return placement{hosts: e.realHosts}, nil
	case nodes != NodesReal && e.SimulatedNodes > 0:
		if len(e.Nodes) == 0 {
			return placement{simulated: true}, nil
		}
		return placement{simulated: true, hosts: e.simulatedHosts}, nil
	}
	return placement{}, fmt.Errorf("--nodes %s: the cluster has %d real nodes that are ready and %d simulated ones",
		nodes, len(e.realHosts), e.SimulatedNodes)
}
