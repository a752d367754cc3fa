package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/cluster/process"
)

// Health is how much of a cluster runs.
type Health string

// A cluster is Healthy when every program of it runs and its nodes are Ready, NotReady when only the latter is missing, HalfDead when a
// program is missing that its user did not stop, and Dead when none runs.
const (
	Healthy  Health = "Up"
	NotReady Health = "NotReady"
	HalfDead Health = "HalfDead"
	Dead     Health = "Dead"
)

// Status is what "status" reports.
type Status struct {
	Name       string `json:"name"`
	Health     Health `json:"health"`
	Detail     string `json:"detail,omitempty"`
	Kubeconfig string `json:"kubeconfig"`
	Options
	NodeStatus  []NodeStatus      `json:"nodeStatus"`
	Processes   []process.Process `json:"processes"`
	MemoryBytes int               `json:"memoryBytes"`
}

// NodeStatus is one node's.
type NodeStatus struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	// Power is "on", "off" (killed or stopped) or "simulated".
	Power string `json:"power"`
}

// Status looks at the processes and asks the API server.
func (c *Cluster) Status(ctx context.Context) (Status, error) {
	s := Status{Name: c.Name, Kubeconfig: c.Kubeconfig(), Options: c.Options}
	var err error
	if s.Processes, err = process.Find(c.Dir); err != nil {
		return s, err
	}
	running := map[string]bool{}
	for _, p := range s.Processes {
		s.MemoryBytes += p.MemoryBytes
		running[p.Node+"/"+p.Name] = true
	}
	missing := c.missing(running)
	switch {
	case len(s.Processes) == 0:
		s.Health, s.Detail = Dead, "no process of it runs"
	case len(missing) > 0:
		s.Health, s.Detail = HalfDead, "not running: "+strings.Join(missing, ", ")
	case !c.Complete:
		s.Health, s.Detail = HalfDead, "its \"up\" did not come to its end"
	default:
		s.Health = Healthy
	}
	if !running["/kube-apiserver"] {
		return s, nil
	}
	if err := c.nodeStatus(ctx, &s, running); err != nil && s.Health == Healthy {
		s.Health, s.Detail = NotReady, err.Error()
	}
	return s, nil
}

// missing names the programs that should run and do not. A node of which nothing runs was killed or stopped: that is its user's
// wish.
func (c *Cluster) missing(running map[string]bool) []string {
	want := []string{"/etcd", "/kube-apiserver", "/kube-controller-manager", "/kube-scheduler", "/kwok-controller"}
	if c.CertManager {
		want = append(want, "/cert-manager")
	}
	if c.Nodes > 0 {
		want = append(want, "/kube-proxy")
	}
	for _, n := range c.nodes() {
		programs := []string{n.Name() + "/containerd", n.Name() + "/kubelet", n.Name() + "/kube-proxy"}
		if slices.ContainsFunc(programs, func(p string) bool { return running[p] }) {
			want = append(want, programs...)
		}
	}
	return slices.DeleteFunc(want, func(p string) bool { return running[p] })
}

func (c *Cluster) nodeStatus(ctx context.Context, s *Status, running map[string]bool) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("failed to list the nodes: %w", err)
	}
	real := map[string]bool{}
	for _, n := range c.nodes() {
		real[n.Name()] = true
	}
	for i := range nodes.Items {
		n := &nodes.Items[i]
		status := NodeStatus{Name: n.Name, Ready: isReady(n), Power: "simulated"}
		if real[n.Name] {
			status.Power = "off"
			if running[n.Name+"/kubelet"] {
				status.Power = "on"
			}
		}
		if !status.Ready && s.Health == Healthy {
			s.Health, s.Detail = NotReady, n.Name+" is not Ready"
		}
		s.NodeStatus = append(s.NodeStatus, status)
	}
	return nil
}
