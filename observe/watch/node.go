package watch

import (
	"context"
	"net/netip"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// reconnectAfter is the age at which a steady connection is replaced. The new one shows that fresh connections work.
	reconnectAfter = 15 * time.Second
	// answerWithin is how long a question may be unanswered before its connection is given up.
	answerWithin = time.Second
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
	// freshFrom is the address whose answer was the latest fresh one.
	freshFrom netip.Addr
	// suspicion is nil if the node is not suspected.
	suspicion *suspicion
}

// suspicion is what was learnt of a node since it has been silent.
type suspicion struct {
	// votes are the peers' latest answers, by the name of the replica.
	votes map[string]vote
	// beacons are those of the replicas on the node, by name.
	beacons map[string]*beacon
	// lost says that a verdict has been made. held is why not, although the node was silent for long enough.
	lost bool
	held observe.Outcome
	end  context.CancelFunc
}

// vote is a peer's answer, and when it came.
type vote struct {
	observe.Vote
	at time.Duration
}

// startNode begins to watch a node.
func (w *Watcher) startNode(ctx context.Context, of observe.Node) *node {
	ctx, stop := context.WithCancel(ctx)
	n := &node{Node: of, hearing: observe.NewHearing(), stop: stop, askedAt: -1}
	go w.watchNode(ctx, n)
	return n
}

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
	conn, err := probe.DialKubelet(ctx, n.Kubelet, func() { w.heard(n, observe.Other, asked) })
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
			replace.Reset(replaceAfter)
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

// livelyFor returns how recently a node must have been heard to count as alive: at its last question, if that had time to be answered. mu must
// be held.
func (w *Watcher) livelyFor() time.Duration { return max(observe.Lively, w.stretchedInterval()*3/2) }

// livelyMargin is how much longer a node must be silent than the others may have been without counting as silent. So they were heard after it
// was last heard.
const livelyMargin = 100 * time.Millisecond

// lossWindow returns how long a node must be silent to be lost for a Service that asks for lossAfter. mu must be held.
func (w *Watcher) lossWindow(n *node, lossAfter, now time.Duration) time.Duration {
	return max(n.hearing.Window(lossAfter, now), w.livelyFor()+livelyMargin)
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

// lookAtNode begins or ends the suspicion of a node. It reports whether the node is suspected, or was until now. A suspicion ends when the
// node is heard, or has been silent for so long that it is no longer armed.
func (w *Watcher) lookAtNode(ctx context.Context, n *node, now time.Duration) bool {
	silent := n.hearing.Silence(now) >= observe.Suspicious && n.hearing.Armed(now) != observe.NotArmed
	switch {
	case silent && n.suspicion == nil:
		ctx, end := context.WithCancel(ctx)
		n.suspicion = &suspicion{votes: map[string]vote{}, beacons: map[string]*beacon{}, end: end}
		w.suspects[n.Name] = n
		go w.probeFreshly(ctx, n)
	case !silent && n.suspicion != nil:
		n.suspicion.end()
		w.metrics.suspicions.WithLabelValues(string(n.suspicion.outcome())).Inc()
		n.suspicion = nil
		delete(w.suspects, n.Name)
		return true
	}
	return n.suspicion != nil
}

// outcome returns how a suspicion ended.
func (s *suspicion) outcome() observe.Outcome {
	switch {
	case s.lost:
		return observe.OutcomeLost
	case s.held != "":
		return s.held
	default:
		return observe.OutcomeHeard
	}
}

// judge says whether a suspected node is lost for a Service that asks for lossAfter.
func (w *Watcher) judge(n *node, lossAfter time.Duration) observe.Outcome {
	now := w.clock.Now()
	evidence := observe.NodeEvidence{
		Age: n.hearing.Silence(now), Window: w.lossWindow(n, lossAfter, now), Armed: n.hearing.Armed(now),
		Probes: n.hearing.UnansweredSince(w.clock.LastStall(), now),
		APIAge: now - w.apiAt,
	}
	evidence.Beacon, evidence.BeaconsRead = w.beaconsOf(n, now)
	if w.apiAt < 0 {
		evidence.APIAge = time.Hour
	}
	evidence.Others, evidence.OthersHeard = w.others(n, now)
	for _, vote := range n.suspicion.votes {
		if now-vote.at <= votesFor {
			evidence.Votes = append(evidence.Votes, vote.Vote)
		}
	}
	outcome := evidence.Judge()
	switch outcome {
	case observe.OutcomeLost:
		n.suspicion.lost = true
	case observe.OutcomeVetoed, observe.OutcomeIsolated:
		n.suspicion.held = outcome
	}
	return outcome
}

// others returns how many other nodes can be heard, and how many of them were heard a moment ago.
func (w *Watcher) others(n *node, now time.Duration) (armed, heard int) {
	armed, heard = w.armed, w.lively
	if n.hearing.Armed(now) != observe.NotArmed {
		armed--
	}
	if n.hearing.HeardWithin(w.livelyFor(), now) {
		heard--
	}
	return max(armed, 0), max(min(heard, armed), 0)
}

// countNodes counts the nodes that can be heard, and those that were heard a moment ago.
func (w *Watcher) countNodes(now time.Duration) {
	w.armed, w.lively = 0, 0
	recently := w.livelyFor()
	for _, n := range w.nodes {
		if n.hearing.Armed(now) == observe.NotArmed {
			continue
		}
		w.armed++
		if n.hearing.HeardWithin(recently, now) {
			w.lively++
		}
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
