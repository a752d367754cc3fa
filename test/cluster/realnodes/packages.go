package realnodes

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Bridge is the link that stands for the nodes' network. A machine has room for one, and so for one cluster with real nodes.
const Bridge = "tanist0"

// needed are the files that real nodes need and the Debian packages they come in.
var needed = []struct{ file, debian string }{
	{"containerd", "containerd"}, {"ctr", "containerd"}, {"runc", "runc"}, {"/usr/lib/cni/ptp", "containernetworking-plugins"},
	{"nft", "nftables"}, {"iptables", "iptables"}, {"conntrack", "conntrack"}, {"ipset", "ipset"},
}

// missingPackages are those of which a file is missing. Where further folders are given, files may be there as well as on the PATH.
func missingPackages(further ...string) []string {
	var missing []string
	seen := map[string]bool{}
	for _, n := range needed {
		if !seen[n.debian] && !found(n.file, further) {
			seen[n.debian] = true
			missing = append(missing, n.debian)
		}
	}
	return missing
}

func found(file string, further []string) bool {
	if _, err := exec.LookPath(file); err == nil {
		return true
	}
	for _, folder := range further {
		if info, err := os.Stat(filepath.Join(folder, file)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}
