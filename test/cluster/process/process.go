package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/vishvananda/netns"
)

const (
	clusterVar = "TANIST_CLUSTER"
	nodeVar    = "TANIST_CLUSTER_NODE"
)

// Owner is whom a process belongs to.
type Owner struct {
	// Cluster is the cluster's folder.
	Cluster string
	// Node is the node's name, empty for what runs on the host itself.
	Node string
}

// Environ is this process's environment with the owner's mark.
func (o Owner) Environ() []string {
	return append(os.Environ(), clusterVar+"="+o.Cluster, nodeVar+"="+o.Node)
}

// Spec is a program to start.
type Spec struct {
	Owner
	Path string
	Args []string
	// Env is added to this process's environment.
	Env []string
	// Log is the file that standard output and error are appended to.
	Log string
	// NetNS is the path of the network namespace to start it in; empty for the host's.
	NetNS string
}

// Start starts the program in a session of its own and does not wait for it.
func Start(spec Spec) error {
	if err := os.MkdirAll(filepath.Dir(spec.Log), 0o755); err != nil {
		return fmt.Errorf("failed to create the folder of the log: %w", err)
	}
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("failed to open the log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Env = append(spec.Environ(), spec.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	start := cmd.Start
	if spec.NetNS != "" {
		start = func() error { return InNetNS(spec.NetNS, cmd.Start) }
	}
	if err := start(); err != nil {
		return fmt.Errorf("failed to start %s: %w", filepath.Base(spec.Path), err)
	}
	// Reaped as long as this command runs, so that a dead child is not taken for a living one; init takes over afterwards.
	go func() { _ = cmd.Wait() }()
	return nil
}

// InNetNS calls f on a thread that is in the network namespace at path. A child that f starts is born there. This keeps the
// mounts, unlike "ip netns exec", which mounts a new /sys and so hides the cgroups.
func InNetNS(path string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that no other goroutine inherits the namespace.
		runtime.LockOSThread()
		ns, err := netns.GetFromPath(path)
		if err != nil {
			done <- fmt.Errorf("failed to open the network namespace %s: %w", path, err)
			return
		}
		defer ns.Close()
		if err := netns.Set(ns); err != nil {
			done <- fmt.Errorf("failed to enter the network namespace %s: %w", path, err)
			return
		}
		done <- f()
	}()
	return <-done
}
