package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/tanist-dev/tanist/test/cluster/node"
)

// Validate tells the first thing in the options that cannot be.
func (o Options) Validate() error {
	switch {
	case o.Nodes == 0 && o.SimulatedNodes == 0:
		return errors.New("a cluster needs nodes: --nodes 2 for real ones, --simulated-nodes 3 for simulated ones")
	case o.Nodes < 0 || o.Nodes > node.MaxNodes:
		return fmt.Errorf("--nodes %d: must be between 0 and %d", o.Nodes, node.MaxNodes)
	case o.SimulatedNodes < 0:
		return fmt.Errorf("--simulated-nodes %d: must be 0 or more", o.SimulatedNodes)
	case o.ProxyMode != "nftables" && o.ProxyMode != "iptables":
		return fmt.Errorf("--proxy-mode %q: must be nftables or iptables", o.ProxyMode)
	case o.Port < 1 || o.Port > 65535:
		return fmt.Errorf("--port %d: must be between 1 and 65535", o.Port)
	}
	return nil
}

// needed are the files real nodes need and the Debian packages they come in.
var needed = []struct{ file, debian string }{
	{"containerd", "containerd"}, {"ctr", "containerd"}, {"runc", "runc"}, {"/usr/lib/cni/ptp", "containernetworking-plugins"},
	{"nft", "nftables"}, {"iptables", "iptables"}, {"conntrack", "conntrack"}, {"ipset", "ipset"},
}

// preflight finds what would make "up" fail later, and says how to mend it.
func (o Options) preflight(ctx context.Context) error {
	if o.Nodes > 0 {
		if runtime.GOOS != "linux" {
			return fmt.Errorf("real nodes need Linux, this is %s: use --simulated-nodes 3 instead of --nodes %d", runtime.GOOS, o.Nodes)
		}
		if os.Geteuid() != 0 {
			return fmt.Errorf("real nodes need root: run it with sudo, or use --simulated-nodes 3 instead of --nodes %d", o.Nodes)
		}
		if missing := missingPackages(); len(missing) > 0 {
			return fmt.Errorf("real nodes need packages that are not installed: apt-get install -y %s", strings.Join(missing, " "))
		}
		rules, err := node.ForeignProxy(ctx)
		if err != nil {
			return err
		}
		if rules != "" {
			return fmt.Errorf("this machine already has a kube-proxy's rules (%s), which real nodes would undo: use --simulated-nodes 3, or another machine", rules)
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		return fmt.Errorf("port %d for the API server is taken: choose another one with --port", o.Port)
	}
	return listener.Close()
}

func missingPackages() []string {
	var missing []string
	seen := map[string]bool{}
	for _, n := range needed {
		if _, err := exec.LookPath(n.file); err != nil && !seen[n.debian] {
			seen[n.debian] = true
			missing = append(missing, n.debian)
		}
	}
	return missing
}
