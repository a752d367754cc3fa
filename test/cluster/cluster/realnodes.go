package cluster

import (
	"context"
	"errors"
)

// realNodesError is a failure that simulated nodes would not have.
type realNodesError struct{ error }

func (e realNodesError) Unwrap() error { return e.error }

// ofRealNodes marks what failed on the nodes, if there are real ones. What ends because somebody interrupted it has not failed.
func (c *Cluster) ofRealNodes(err error) error {
	if err == nil || c.Nodes == 0 || errors.Is(err, context.Canceled) {
		return err
	}
	return realNodesError{err}
}

// BecauseOfRealNodes reports whether "up" failed for a reason that simulated nodes would not have.
func BecauseOfRealNodes(err error) bool {
	var because realNodesError
	return errors.As(err, &because)
}
