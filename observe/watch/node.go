package watch

import (
	"context"
	"net/netip"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

// node is a node that is watched. Its fields are guarded by Watcher.mu.
type node struct {
	observe.Node
	hearing *observe.Hearing
	// led are the Services that are led from it.
	led  []types.NamespacedName
	stop context.CancelFunc
	// askedAt is when the steady question was sent that is unanswered, -1 if there is none; delay is how long the last answer took.
	askedAt, delay time.Duration
	// dropsNew says that the node answered on old connections alone at the last look.
	dropsNew bool
	// freshFrom is the address whose answer was the latest fresh one.
	freshFrom netip.Addr
	// suspicion is nil if the node is not suspected.
	suspicion *suspicion
}

// startNode begins to watch a node.
func (w *Watcher) startNode(ctx context.Context, of observe.Node) *node {
	ctx, stop := context.WithCancel(ctx)
	n := &node{Node: of, hearing: observe.NewHearing(), stop: stop, askedAt: -1}
	go w.watchNode(ctx, n)
	return n
}

// asked records a probe of a node, and returns the time at which that was.
func (w *Watcher) asked(n *node) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	n.hearing.Asked(now)
	return now
}

// heard records that a node was heard.
func (w *Watcher) heard(n *node, channel observe.Channel, asked time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.metrics.observeAge(n.hearing.Silence(w.clock.Now()))
	n.hearing.Heard(channel, asked, w.clock.Now())
}

// heardFresh records an answer of a node on a connection to one of its addresses that was opened for it.
func (w *Watcher) heardFresh(n *node, from netip.Addr, asked time.Duration) {
	w.mu.Lock()
	n.freshFrom = from
	w.mu.Unlock()
	w.heard(n, observe.Fresh, asked)
}

// heardOn records a sign of life of the node with this name, if it is watched.
func (w *Watcher) heardOn(name string) {
	if n := w.nodes[name]; n != nil {
		n.hearing.Heard(observe.Other, -1, w.clock.Now())
	}
}

// pause waits for a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
