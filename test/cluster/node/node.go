package node

import (
	"fmt"
	"net"
	"path/filepath"

	"github.com/tanist-dev/tanist/test/cluster/process"
	"github.com/tanist-dev/tanist/test/cluster/realnodes"
)

// The cluster's networks. They are the same for every cluster with real nodes, so a machine has one of those at a time.
const (
	BridgeAddress = "10.201.0.1"
	bridgeName    = realnodes.Bridge
	nodeNet       = "10.201.0.%d/24"
	podNet        = "10.244.%d.0/24"
	PodCIDR       = "10.244.0.0/16"
	ServiceCIDR   = "10.96.0.0/16"
	ServiceIP     = "10.96.0.1"
	runDir        = "/run/tanist-cluster"
)

// MaxNodes is how many nodes the networks have room for.
const MaxNodes = 50

// Node is one of a cluster's real nodes.
type Node struct {
	// Cluster is the cluster's folder, Components the one with the programs.
	Cluster, Components string
	// Index counts from 1 and decides name and addresses.
	Index int
	// ProxyMode is kube-proxy's: nftables or iptables.
	ProxyMode string
}

// Name is the Node's.
func (n Node) Name() string { return Name(n.Index) }

// Name is the name of the node with that index.
func Name(index int) string { return fmt.Sprintf("node-%d", index) }

// IP is the node's address.
func (n Node) IP() string {
	ip, _, _ := net.ParseCIDR(n.address())
	return ip.String()
}

// Dir is the node's disk: what survives a loss of power.
func (n Node) Dir() string { return filepath.Join(n.Cluster, "nodes", n.Name()) }

// run is what does not survive it. It is short: a socket's path has 107 characters.
func (n Node) run() string          { return filepath.Join(runDir, n.Name()) }
func (n Node) socket() string       { return filepath.Join(n.run(), "containerd.sock") }
func (n Node) address() string      { return fmt.Sprintf(nodeNet, 10+n.Index) }
func (n Node) podNet() string       { return fmt.Sprintf(podNet, n.Index) }
func (n Node) netNSName() string    { return "tanist-" + n.Name() }
func (n Node) netNSPath() string    { return "/run/netns/" + n.netNSName() }
func (n Node) hostLink() string     { return "tanist-" + n.Name() }
func (n Node) path(p string) string { return filepath.Join(n.Dir(), p) }

func (n Node) owner() process.Owner { return process.Owner{Cluster: n.Cluster, Node: n.Name()} }

func (n Node) start(program string, args ...string) error {
	return process.Start(process.Spec{
		Owner: n.owner(), Path: program, Args: args, Log: n.path(filepath.Base(program) + ".log"), NetNS: n.netNSPath(),
	})
}
