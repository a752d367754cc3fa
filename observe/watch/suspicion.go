package watch

import (
	"context"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

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

// isolated reports whether this replica hears less than half of the nodes that it can hear. mu must be held.
func (w *Watcher) isolated() bool {
	return observe.NodeEvidence{Others: w.armed, OthersHeard: w.lively}.Isolated()
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
