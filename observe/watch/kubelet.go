package watch

import (
	"context"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// reconnectAfter is the age at which a steady connection is replaced. The new one shows that fresh connections work.
	reconnectAfter = 15 * time.Second
	// redialAfter is how long after a failed attempt to replace it the next one follows.
	redialAfter = 3 * time.Second
	// answerWithin is how long a question may be unanswered before its connection is given up.
	answerWithin = time.Second
)

// watchNode asks the node's kubelet, again and again, on a connection that is replaced from time to time.
func (w *Watcher) watchNode(ctx context.Context, n *node) {
	for ctx.Err() == nil {
		steady := w.dialNode(ctx, n)
		if steady == nil {
			steady = w.touchUntilDialed(ctx, n)
		}
		for steady != nil {
			steady = w.converse(ctx, n, steady, reconnectAfter)
		}
		pause(ctx, w.nodeInterval())
	}
}

// dialNode opens a connection to the kubelet, which is a fresh probe. It returns nil if that fails.
func (w *Watcher) dialNode(ctx context.Context, n *node) *probe.Kubelet {
	ctx, cancel := context.WithTimeout(ctx, freshWithin)
	defer cancel()
	asked := w.asked(n)
	conn, err := probe.DialKubelet(ctx, n.Kubelet, func() { w.heardFresh(n, n.Kubelet.Addr(), asked) })
	if err == nil || probe.Refused(err) {
		w.heardFresh(n, n.Kubelet.Addr(), asked)
	}
	return conn
}

// converse asks the kubelet on a connection until that fails, or another one stands to replace it, which it returns. It asks on while the new
// one is being opened: where new connections are dropped, the old one is all that tells that the node lives.
func (w *Watcher) converse(ctx context.Context, n *node, conn *probe.Kubelet, replaceAfter time.Duration) (next *probe.Kubelet) {
	defer conn.Close()
	ctx, end := context.WithCancel(ctx)
	dialed, dialing := make(chan *probe.Kubelet, 1), false
	defer func() {
		end()
		if !dialing {
			return
		}
		if late := <-dialed; late != nil { // it ends with ctx, or has just succeeded
			late.Close()
		}
	}()
	replace := time.NewTimer(replaceAfter)
	defer replace.Stop()
	for w.askKubelet(ctx, n, conn) {
		interval := time.NewTimer(w.nodeInterval())
		select {
		case <-ctx.Done():
			interval.Stop()
			return nil
		case <-interval.C:
		}
		select {
		case <-replace.C:
			dialing = true
			go func() { dialed <- w.dialNode(ctx, n) }()
		case another := <-dialed:
			dialing = false
			if another != nil {
				return another
			}
			replace.Reset(min(replaceAfter, redialAfter))
		default:
		}
	}
	return nil
}

// askKubelet asks the kubelet once. It reports whether the connection can be used again.
func (w *Watcher) askKubelet(ctx context.Context, n *node, conn *probe.Kubelet) bool {
	asked := w.asked(n)
	w.answering(n, asked)
	ask, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	err := conn.Ask(ask)
	w.answering(n, -1)
	switch {
	case err == nil:
		w.heard(n, observe.Steady, asked)
	case probe.Hangup(err): // the kubelet restarts, so its kernel lives
		w.heard(n, observe.Other, asked)
	}
	return err == nil
}

// nodeInterval returns how often a kubelet is asked.
func (w *Watcher) nodeInterval() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stretchedInterval()
}

// stretchedInterval is nodeInterval with mu held.
func (w *Watcher) stretchedInterval() time.Duration {
	return time.Duration(float64(w.interval) * w.stretch)
}

// answering records that the kubelet has a question, or (-1) that it no longer has one.
func (w *Watcher) answering(n *node, asked time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if asked < 0 {
		n.delay = w.clock.Now() - n.askedAt
	}
	n.askedAt = asked
}

// slowness returns how slowly the kubelet answers.
func (n *node) slowness(now time.Duration) time.Duration {
	if n.askedAt < 0 {
		return n.delay
	}
	return max(n.delay, now-n.askedAt)
}
