package process

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Process is a running process of a cluster.
type Process struct {
	PID int `json:"pid"`
	// Name is the program's file name; for what runs in a container, the name it gave itself.
	Name string `json:"name"`
	// Node is the node it belongs to; empty for the host's.
	Node string `json:"node,omitempty"`
	// Container is true for what a container runs.
	Container bool `json:"container,omitempty"`
	// MemoryBytes is its resident memory.
	MemoryBytes int `json:"memoryBytes"`
}

// Find returns the processes of the cluster whose folder is given, and those which they have started.
func Find(cluster string) ([]Process, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("failed to list processes: %w", err)
	}
	var found []Process
	node := map[int]string{}
	children := map[int][]procfs.Proc{}
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil || stat.State == "Z" {
			continue // gone, or only its exit status is left
		}
		children[stat.PPID] = append(children[stat.PPID], p)
		environ, err := p.Environ()
		if err != nil || !slices.Contains(environ, clusterVar+"="+cluster) {
			continue
		}
		for _, v := range environ {
			if len(v) > len(nodeVar) && v[:len(nodeVar)+1] == nodeVar+"=" {
				node[p.PID] = v[len(nodeVar)+1:]
			}
		}
		found = append(found, describe(p, node[p.PID], false))
	}
	// A container's process has an environment of its own, but its shim is its parent.
	for i := 0; i < len(found); i++ {
		for _, c := range children[found[i].PID] {
			if _, known := node[c.PID]; known {
				continue
			}
			node[c.PID] = found[i].Node
			found = append(found, describe(c, found[i].Node, true))
		}
	}
	return found, nil
}

func describe(p procfs.Proc, node string, container bool) Process {
	d := Process{PID: p.PID, Node: node, Container: container}
	if args, err := p.CmdLine(); err == nil && len(args) > 0 {
		d.Name = filepath.Base(args[0])
	}
	if stat, err := p.Stat(); err == nil {
		d.MemoryBytes = stat.ResidentMemory()
	}
	return d
}

// OfNode matches a node's processes.
func OfNode(name string) func(Process) bool { return func(p Process) bool { return p.Node == name } }

// Any matches all processes.
func Any(Process) bool { return true }

// Kill ends the matching processes of a cluster with SIGKILL, those they start meanwhile too, and returns when none is left.
func Kill(ctx context.Context, cluster string, match func(Process) bool) error {
	return signalUntilGone(ctx, cluster, match, syscall.SIGKILL)
}

// Terminate asks the matching processes to end and gives them the time; what is left then is killed.
func Terminate(ctx context.Context, cluster string, match func(Process) bool, timeout time.Duration) error {
	gentle, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := signalUntilGone(gentle, cluster, match, syscall.SIGTERM); err == nil {
		return nil
	}
	return Kill(ctx, cluster, match)
}

func signalUntilGone(ctx context.Context, cluster string, match func(Process) bool, sig syscall.Signal) error {
	signalled := map[int]bool{}
	return wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		found, err := Find(cluster)
		if err != nil {
			return false, err
		}
		left := false
		for _, p := range found {
			if !match(p) {
				continue
			}
			left = true
			if signalled[p.PID] && sig != syscall.SIGKILL {
				continue
			}
			signalled[p.PID] = true
			if err := syscall.Kill(p.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, fmt.Errorf("failed to signal %s (pid %d): %w", p.Name, p.PID, err)
			}
		}
		return !left, nil
	})
}
