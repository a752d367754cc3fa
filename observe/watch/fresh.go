package watch

import (
	"context"
	"net/netip"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// freshEvery is how often a silent node gets a fresh probe.
	freshEvery = 50 * time.Millisecond
	// freshWithin is how long a fresh probe may take. The kernel sends a lost SYN again after a second, so another probe is better.
	freshWithin = 900 * time.Millisecond
	// touchIntervals is after how many intervals a node whose kubelet cannot be reached is touched: so often that it is not suspected meanwhile.
	touchIntervals = 2
	// touchForgottenEvery is how often a node is touched that has not been heard for long.
	touchForgottenEvery = time.Second
	// closedPort is one that nothing listens on (discard, which inetd served). The kernel answers with a reset, and nobody logs it.
	closedPort = 9
)

// touch opens a connection to a closed port of a node, or of a pod on it. Any answer is the node's kernel's.
func (w *Watcher) touch(ctx context.Context, n *node, address netip.Addr, channel observe.Channel) {
	ctx, cancel := context.WithTimeout(ctx, freshWithin)
	defer cancel()
	asked := w.asked(n)
	switch answered := probe.Touch(ctx, netip.AddrPortFrom(address, closedPort)); {
	case answered && channel == observe.Fresh:
		w.heardFresh(n, address, asked)
	case answered:
		w.heard(n, channel, asked)
	}
}

// addressesOf returns the address of a node and, if one is watched, of a pod on it.
func (w *Watcher) addressesOf(n *node) []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	addresses := []netip.Addr{n.Kubelet.Addr()}
	for _, p := range w.pods {
		if p.Node == n.Name {
			return append(addresses, p.Probe.Address.Addr())
		}
	}
	return addresses
}

// probeFreshly sends a silent node one fresh probe after the other, each on a socket of its own, until ctx ends: to its kubelet, to a closed port
// of the node, and to a closed port of a pod there, in turn.
func (w *Watcher) probeFreshly(ctx context.Context, n *node) {
	addresses := w.addressesOf(n)
	for i := 0; ctx.Err() == nil; i++ {
		if turn := i % (1 + len(addresses)); turn == 0 {
			go func() {
				if conn := w.dialNode(ctx, n); conn != nil {
					conn.Close()
				}
			}()
		} else {
			go w.touch(ctx, n, addresses[turn-1], observe.Other)
		}
		pause(ctx, w.freshInterval())
	}
}

// freshInterval is how often a silent node gets a fresh probe. With many, all together get no more than the tuning's maxRate in a second.
func (w *Watcher) freshInterval() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(freshEvery, time.Duration(len(w.suspects))*time.Second/time.Duration(w.Tuning.Load().Observe.MaxRate))
}

// touchUntilDialed touches a node whose kubelet cannot be reached, until a connection to it succeeds. Where a firewall or a policy closes
// the kubelet's port, these answers are all that tells a node that lives from one that does not.
func (w *Watcher) touchUntilDialed(ctx context.Context, n *node) *probe.Kubelet {
	ctx, end := context.WithCancel(ctx)
	defer end()
	dialed := make(chan *probe.Kubelet)
	go func() {
		for ctx.Err() == nil {
			pause(ctx, w.touchInterval(n))
			conn := w.dialNode(ctx, n)
			if conn == nil {
				continue
			}
			select {
			case dialed <- conn:
			case <-ctx.Done():
				conn.Close()
			}
		}
	}()
	for {
		for _, address := range w.addressesOf(n) {
			go w.touch(ctx, n, address, observe.Fresh)
		}
		timer := time.NewTimer(w.touchInterval(n))
		select {
		case conn := <-dialed:
			timer.Stop()
			return conn
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

func (w *Watcher) touchInterval(n *node) time.Duration {
	often := touchIntervals * w.nodeInterval()
	w.mu.Lock()
	defer w.mu.Unlock()
	if n.hearing.Forgotten(w.clock.Now()) {
		return touchForgottenEvery
	}
	return often
}
