package reconciler

import (
	"context"
	"sync"
)

// gate lets a limited number of reconciliations through at a time. Unlike a controller's number of workers, which is fixed when it
// starts, the limit is asked for each time: it is a tuning.
type gate struct {
	limit func() int

	mu sync.Mutex
	// inside counts who is through; changed is closed and replaced when one leaves.
	inside  int
	changed chan struct{}
}

func newGate(limit func() int) *gate {
	return &gate{limit: limit, changed: make(chan struct{})}
}

// enter waits for its turn, and reports false when the context ended before it came. leave must follow when it came.
func (g *gate) enter(ctx context.Context) bool {
	for {
		g.mu.Lock()
		if g.inside < g.limit() {
			g.inside++
			g.mu.Unlock()
			return true
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	close(g.changed)
	g.changed = make(chan struct{})
}
