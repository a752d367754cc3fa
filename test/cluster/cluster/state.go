package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tanist-dev/tanist/test/cluster/components"
	"github.com/tanist-dev/tanist/test/cluster/controlplane"
	"github.com/tanist-dev/tanist/test/cluster/node"
)

// Cluster is one by its name; it may or may not exist.
type Cluster struct {
	Name string
	// Dir holds all that it keeps on disk.
	Dir string
	State
}

// State is what "up" was asked for, and what later commands must know. It is written before anything is started, so that a
// cluster whose "up" was killed is known too.
type State struct {
	Options
	// Components is the folder with the programs it runs.
	Components string `json:"components"`
	// Images are the archives loaded on every node.
	Images []string `json:"images,omitempty"`
	// HostTables are the nftables tables that the host had before.
	HostTables []string `json:"hostTables,omitempty"`
	// Complete is set when "up" has come to its end.
	Complete bool `json:"complete"`
}

// Options are what "up" can be asked for.
type Options struct {
	Nodes          int    `json:"nodes"`
	SimulatedNodes int    `json:"simulatedNodes"`
	ProxyMode      string `json:"proxyMode,omitempty"`
	CertManager    bool   `json:"certManager"`
	// Port is the API server's. With 0, "up" chooses one that is free, and the state has that one.
	Port int `json:"port"`
}

// components are what such a cluster is built from.
func (o Options) components() []string {
	names := slices.Clone(components.SimulatedCluster)
	if o.Nodes > 0 {
		names = append(names, components.RealNodes...)
	}
	if o.CertManager {
		names = append(names, components.CertManager...)
	}
	return names
}

// ErrNoCluster is returned for a cluster that is not there.
var ErrNoCluster = errors.New("no cluster")

// Open finds the cluster of that name; ErrNoCluster when "up" was never called for it.
func Open(name string) (*Cluster, error) {
	c, err := at(name)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(c.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w %q is up: start it with \"up\"", ErrNoCluster, name)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &c.State); err != nil {
		return nil, fmt.Errorf("failed to read %s (remove the cluster with \"down\"): %w", c.stateFile(), err)
	}
	return c, nil
}

func at(name string) (*Cluster, error) {
	cache, err := components.CacheDir()
	return &Cluster{Name: name, Dir: filepath.Join(cache, "clusters", name)}, err
}

func (c *Cluster) stateFile() string { return filepath.Join(c.Dir, "state.json") }

// Kubeconfig is the path of the administrator's.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.Dir, "kubeconfig") }

func (c *Cluster) save() error {
	raw, err := json.MarshalIndent(c.State, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.stateFile(), raw, 0o644)
}

func (c *Cluster) nodes() []node.Node {
	var nodes []node.Node
	for i := 1; i <= c.Nodes; i++ {
		nodes = append(nodes, node.Node{Cluster: c.Dir, Components: c.Components, Index: i, ProxyMode: c.ProxyMode})
	}
	return nodes
}

// controlPlane is the cluster's. With real nodes it is reached, and listens, on their network; without, on loopback alone.
func (c *Cluster) controlPlane() controlplane.Config {
	conf := controlplane.Config{
		Dir: c.Dir, Components: c.Components, Port: c.Port,
		ServiceCIDR: node.ServiceCIDR, ServiceIP: node.ServiceIP, Address: "127.0.0.1", Bind: c.bind(),
	}
	if c.Nodes > 0 {
		conf.Address, conf.Endpoint = node.BridgeAddress, true
	}
	return conf
}
