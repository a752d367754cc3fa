package cluster

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestBecauseOfRealNodes(t *testing.T) {
	realNodes, simulated := &Cluster{State: State{Options: Options{Nodes: 2}}}, &Cluster{State: State{Options: Options{SimulatedNodes: 3}}}
	failed := errors.New("node-1 is not ready")
	cases := map[string]struct {
		err  error
		want bool
	}{
		"a real node fails":                          {realNodes.ofRealNodes(failed), true},
		"a real node fails, and the removal as well": {errors.Join(realNodes.ofRealNodes(failed), errors.New("busy")), true},
		"a simulated node fails":                     {simulated.ofRealNodes(failed), false},
		"somebody interrupts it":                     {realNodes.ofRealNodes(fmt.Errorf("failed to wait: %w", context.Canceled)), false},
		"the port is taken":                          {failed, false},
		"nothing fails":                              {realNodes.ofRealNodes(nil), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := BecauseOfRealNodes(c.err); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
