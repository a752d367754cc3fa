package handover

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/explain"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// successorInterval is how often the successor is read again while it is not published. Tanist publishes it within a second or so.
const successorInterval = 250 * time.Millisecond

// findSuccessor makes sure that the snapshot says who is to follow if no pod was given. If Tanist has published nobody, it applies Tanist's rules to
// what the user may read. A user who may not read pods waits until the successor is published.
func (m *mover) findSuccessor(ctx context.Context, s *snapshot) (*snapshot, error) {
	if m.to != "" || s.leaderService == nil || s.leadership.Leader == nil {
		return s, nil
	}
	successor, pending := status.Successor(s.leaderService, s.leadership)
	if successor != "" {
		return s, nil
	}
	inputs, err := explain.Reader{Client: m.client, Namespace: m.namespace, TanistNamespace: m.tanistNamespace}.Read(ctx, m.service)
	if err != nil {
		return nil, err
	}
	verdict, err := explain.Next(inputs[0], s.leadership.Leader.UID, time.Now())
	if err != nil {
		return nil, err
	}
	if verdict.Known {
		s.next = &verdict
		return s, nil
	}
	if !pending {
		return s, nil
	}
	return m.awaitSuccessor(ctx, s)
}

// awaitSuccessor reads the snapshot again until the successor is published, or the time is over.
func (m *mover) awaitSuccessor(ctx context.Context, s *snapshot) (*snapshot, error) {
	err := wait.PollUntilContextTimeout(ctx, successorInterval, m.timeout, false, func(ctx context.Context) (bool, error) {
		again, err := m.read(ctx)
		if err != nil {
			return false, err
		}
		s = again
		if s.leaderService == nil || s.leadership.Leader == nil {
			return true, nil
		}
		_, pending := status.Successor(s.leaderService, s.leadership)
		return !pending, nil
	})
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case wait.Interrupted(err): // the check of the target says so
		return s, nil
	}
	return s, err
}
