package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/tanist-dev/tanist/test/cluster/node"
	"github.com/tanist-dev/tanist/test/cluster/realnodes"
)

// Validate returns an error for the first option that is wrong.
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
	case o.Port < 0 || o.Port > 65535:
		return fmt.Errorf("--port %d: must be between 1 and 65535, or left out", o.Port)
	}
	return nil
}

// preflight finds what would make "up" fail later, and says how to mend it.
func (o Options) preflight(ctx context.Context) error {
	if o.Nodes > 0 {
		if err := realnodes.Check(ctx); err != nil {
			return realNodesError{fmt.Errorf("%w: or use --simulated-nodes 3 instead of --nodes %d", err, o.Nodes)}
		}
	}
	return o.checkPort()
}
