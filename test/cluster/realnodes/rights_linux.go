package realnodes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// capabilities are those of root that a container usually lacks, by their bits.
var capabilities = []struct {
	bit  uint
	name string
}{{12, "CAP_NET_ADMIN"}, {21, "CAP_SYS_ADMIN"}}

// rights are what root lacks in a container that is not privileged.
func rights() (lacks []string) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return []string{fmt.Sprintf("/proc (%v)", err)}
	}
	uids, _ := os.ReadFile("/proc/self/uid_map") // absent without user namespaces
	lacks = append(missingCapabilities(string(status)), rootless(string(uids))...)
	for _, path := range []string{"/proc/sys/net/ipv4/ip_forward", cgroups()} {
		const writable = 2
		if err := syscall.Access(path, writable); err != nil {
			lacks = append(lacks, fmt.Sprintf("to write %s (%v)", path, err))
		}
	}
	if len(lacks) > 0 {
		lacks[len(lacks)-1] += " (in a container: a privileged one)"
	}
	return lacks
}

// missingCapabilities reads /proc/self/status.
func missingCapabilities(status string) (missing []string) {
	for line := range strings.Lines(status) {
		if mask, ok := strings.CutPrefix(line, "CapEff:"); ok {
			effective, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			for _, c := range capabilities {
				if err != nil || effective&(1<<c.bit) == 0 {
					missing = append(missing, c.name)
				}
			}
		}
	}
	return missing
}

// rootless reads /proc/self/uid_map: the kubelet and the kernel do not take the root of a user namespace for root.
func rootless(uids string) []string {
	if fields := strings.Fields(uids); len(fields) > 0 && !slices.Equal(fields, []string{"0", "0", "4294967295"}) {
		return []string{"a root that is not a user namespace's"}
	}
	return nil
}

// cgroups is the folder in which the nodes' cgroups are made, of either version.
func cgroups() string {
	const unified, cpu = "/sys/fs/cgroup", "/sys/fs/cgroup/cpu"
	if _, err := os.Stat(cpu); err == nil {
		return cpu
	}
	return unified
}

// kernel tries what no file says: namespaces, and nftables in one.
func kernel(ctx context.Context) (lacks []string) {
	try := exec.CommandContext(ctx, "nft", "list", "tables")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if out, err := try.CombinedOutput(); err != nil {
		said := strings.Join(strings.Fields(string(out)), " ")
		return []string{strings.TrimSpace(fmt.Sprintf("network namespaces with nftables (%v) %s", err, said))}
	}
	return nil
}
