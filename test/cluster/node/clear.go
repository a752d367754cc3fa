package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Clear removes what a node that no longer runs has left in the kernel: its mounts, its pods' network namespaces, its cgroups and its
// folder under /run. Its disk stays.
func (n Node) Clear() error {
	if err := errors.Join(unmountBelow(n.run(), n.Dir()), removeCgroups(n.cgroup())); err != nil {
		return err
	}
	return os.RemoveAll(n.run())
}

// remove removes all of the node but its disk.
func (n Node) remove() error {
	if err := n.Clear(); err != nil {
		return err
	}
	if link, err := netlink.LinkByName(n.hostLink()); err == nil {
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("failed to remove the link %s: %w", n.hostLink(), err)
		}
	}
	if err := netns.DeleteNamed(n.netNSName()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("failed to remove the network namespace %s: %w", n.netNSName(), err)
	}
	return nil
}

// RemoveAll removes all nodes, the bridge and what they left on the host. Nothing of a cluster with real nodes may still run. It is no
// error if some of it never existed.
func RemoveAll(cluster string) error {
	namespaces, err := filepath.Glob("/run/netns/tanist-node-*")
	if err != nil {
		return err
	}
	for _, path := range namespaces {
		var index int
		if _, err := fmt.Sscanf(filepath.Base(path), "tanist-node-%d", &index); err != nil {
			continue
		}
		if err := (Node{Cluster: cluster, Index: index}).remove(); err != nil {
			return err
		}
	}
	if link, err := netlink.LinkByName(bridgeName); err == nil {
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("failed to remove the bridge %s: %w", bridgeName, err)
		}
	}
	if err := unmountBelow(runDir, cluster); err != nil {
		return err
	}
	return errors.Join(removeContainerLogLinks(cluster), removeCgroups(allCgroups), os.RemoveAll(runDir))
}

// HostLeftovers names what a cluster with real nodes has on the host.
func HostLeftovers() ([]string, error) {
	found, err := filepath.Glob("/run/netns/tanist-*")
	if err != nil {
		return nil, err
	}
	groups, err := findCgroups(allCgroups)
	if err != nil {
		return nil, err
	}
	found = append(found, groups...)
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("failed to list the links: %w", err)
	}
	for _, l := range links {
		if strings.HasPrefix(l.Attrs().Name, "tanist") {
			found = append(found, "link "+l.Attrs().Name)
		}
	}
	return found, nil
}

func unmountBelow(dirs ...string) error {
	mounts, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		return !slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(m.Mountpoint, d+"/") }), false
	})
	if err != nil {
		return fmt.Errorf("failed to list the mounts: %w", err)
	}
	slices.Reverse(mounts) // the last one mounted may lie on an earlier one
	for _, m := range mounts {
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("failed to unmount %s: %w", m.Mountpoint, err)
		}
	}
	return nil
}

// removeContainerLogLinks removes the links that kubelets leave in a folder which cannot be configured.
func removeContainerLogLinks(cluster string) error {
	const dir = "/var/log/containers"
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		link := filepath.Join(dir, e.Name())
		if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, cluster+"/") {
			if err := os.Remove(link); err != nil {
				return err
			}
		}
	}
	return nil
}
