package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/cgroups/manager"
)

// cgroupRoot is where cgroups are mounted, with systemd and without.
const cgroupRoot = "/sys/fs/cgroup"

// cgroup is the root of the node's cgroups as its kubelet sees it: its pods' groups are below, each with the weight and the limits
// that it has on any node.
func (n Node) cgroup() string { return "/tanist-" + n.Name() }

// createCgroup gives the node's pods what a machine with as many CPUs as this one gives them under contention: as the kubelet does
// for the group of all pods, 1024 shares per CPU. Without it the pods of all nodes would weigh as much together as one of the
// programs beside them.
func (n Node) createCgroup() error {
	group, err := manager.New(&cgroups.Cgroup{Path: n.cgroup(), Resources: &cgroups.Resources{SkipDevices: true}})
	if err != nil {
		return fmt.Errorf("failed to prepare the cgroup %s: %w", n.cgroup(), err)
	}
	const noProcess = -1
	if err := group.Apply(noProcess); err != nil {
		return fmt.Errorf("failed to create the cgroup %s: %w", n.cgroup(), err)
	}
	if err := group.Set(&cgroups.Resources{CpuShares: uint64(runtime.NumCPU()) * 1024, SkipDevices: true}); err != nil {
		return fmt.Errorf("failed to set the CPU shares of the cgroup %s: %w", n.cgroup(), err)
	}
	return nil
}

// allCgroups matches the groups of all nodes.
const allCgroups = "/tanist-node-*"

// removeCgroups removes groups with what kubelet and containerd made below them. No process may be left in them.
func removeCgroups(pattern string) error {
	found, err := findCgroups(pattern)
	if err != nil {
		return err
	}
	var all []error
	for _, path := range found {
		if err := cgroups.RemovePath(path); err != nil {
			all = append(all, fmt.Errorf("failed to remove the cgroup %s: %w", path, err))
		}
	}
	return errors.Join(all...)
}

// findCgroups finds groups in the one hierarchy of cgroup v2 and in the several of v1.
func findCgroups(pattern string) ([]string, error) {
	unified, err := filepath.Glob(cgroupRoot + pattern)
	if err != nil {
		return nil, err
	}
	perController, err := filepath.Glob(cgroupRoot + "/*" + pattern)
	return append(unified, perController...), err
}
