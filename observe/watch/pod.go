package watch

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// dialWithin is how long a connection to a pod may take.
	dialWithin = time.Second
	// giveUpAfter is how long a request may be unanswered before another attempt is made. A path that was blocked shows its end late on old
	// connections.
	giveUpAfter = 10 * time.Second
)

// pod is a pod whose process is watched. Its fields are guarded by Watcher.mu.
type pod struct {
	podTarget
	every time.Duration
	stop  context.CancelFunc

	// replies is how often the pod has answered.
	replies int
	// from is since when the pod is watched, readyAt when it last said that it is ready; -1 for never.
	from, readyAt time.Duration
	// heardSince is since when each request was answered in time; -1 while it is silent.
	heardSince time.Duration
	// silentFrom is when the oldest request since the last answer was sent; -1 if there is none.
	silentFrom time.Duration
	// first and second are the connections with a request that is unanswered; nil if there is none.
	first, second *request
	// crashed and hangs are verdicts, which hold until the pod is heard. The connections that have shown a hang do not stay open.
	crashed, hangs bool
	// keepFrom is from when on a connection may be kept, and unkept for how long none was kept after the last attempt.
	keepFrom, unkept time.Duration
}

// request is a request that is unanswered.
type request struct {
	conn *probe.Conn
	at   time.Duration
}

// startPod begins to watch a pod. mu must be held.
func (w *Watcher) startPod(ctx context.Context, target *podTarget) *pod {
	ctx, stop := context.WithCancel(ctx)
	p := &pod{podTarget: *target, every: maxAskInterval, stop: stop, from: w.clock.Now(), readyAt: -1, heardSince: -1, silentFrom: -1}
	go w.watchPod(ctx, p, *target.Probe)
	return p
}

// watchPod asks the pod, again and again. A kept connection that ends between two questions is looked into at once.
func (w *Watcher) watchPod(ctx context.Context, p *pod, how observe.Probe) {
	var kept *probe.Conn
	wait := rand.N(observe.SecondAfter / 2) // not all pods at the same moment
	for {
		var ended <-chan struct{}
		if kept != nil {
			ended = kept.Ended()
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-ended:
			kept.Close()
			kept = nil
			if w.lookForCrash(ctx, p, how, true) {
				// The server ends connections. To open another one each time would ask it without a pause.
				w.keepNoneFor(p, keepAgainAfter)
				timer.Stop()
				wait = w.pauseBetween(p)
				continue
			}
		}
		timer.Stop()
		if ctx.Err() != nil {
			break
		}
		first := kept == nil
		if kept = w.askPod(ctx, p, how, kept); first && kept != nil && !w.servesBeside(ctx, p, how) {
			kept.Close()
			kept = nil
		}
		wait = w.pauseBetween(p)
	}
	if kept != nil {
		kept.Close()
	}
}

func (w *Watcher) pauseBetween(p *pod) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.every
}

// dialPod connects to the pod. It looks into a refusal.
func (w *Watcher) dialPod(ctx context.Context, p *pod, how observe.Probe, within time.Duration) *probe.Conn {
	dial, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := probe.Dial(dial, how)
	if err == nil {
		return conn
	}
	if probe.Refused(err) {
		w.lookForCrash(ctx, p, how, false)
		return nil
	}
	if ctx.Err() == nil {
		w.podSilent(p)
	}
	return nil
}

// windowOf returns the shortest silence of the pod that a Service acts upon.
func (w *Watcher) windowOf(p *pod) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.freezeAfter
}

// requested records a request that was sent.
func (w *Watcher) requested(p *pod, conn *probe.Conn, into func(*request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	into(&request{conn: conn, at: now})
	if p.silentFrom < 0 {
		p.silentFrom = now
	}
	if p.second != nil && p.replies > 0 && w.pods[p.UID] == p {
		w.silentPods[p.UID] = p
	}
}

// endRequests forgets the requests, whose connections are closed.
func (w *Watcher) endRequests(p *pod) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.first, p.second = nil, nil
}

// podHeard records an answer of the pod, and whether it said that the pod is ready.
func (w *Watcher) podHeard(p *pod, ready bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	if ready {
		p.readyAt = now
	}
	if p.heardSince < 0 || p.silentFrom >= 0 && now-p.silentFrom >= observe.SecondAfter {
		p.heardSince = now
	}
	p.replies++
	p.silentFrom, p.crashed, p.hangs = -1, false, false
	p.first, p.second = nil, nil
	w.heardOn(p.Node)
}

// podSilent records that the pod could not be reached. A pod that hangs is still believed to: it accepts no more connections than it has room for.
func (w *Watcher) podSilent(p *pod) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.heardSince = -1
}

// heardFor returns for how long the pod has answered without a gap.
func (p *pod) heardFor(now time.Duration) time.Duration {
	if p.heardSince < 0 || p.crashed || p.silentFrom >= 0 && now-p.silentFrom >= observe.SecondAfter {
		return 0
	}
	return now - p.heardSince
}

// frozen reports whether the pod's process hangs, for a Service that waits for freezeAfter.
func (w *Watcher) frozen(p *pod, freezeAfter time.Duration) bool {
	now := w.clock.Now()
	switch {
	case freezeAfter <= 0 || p.silentFrom < 0 || now-p.silentFrom < freezeAfter:
		return false
	case p.hangs:
		return true
	case p.first == nil || p.second == nil:
		return false
	}
	evidence := observe.FreezeEvidence{
		FreezeAfter: freezeAfter, Replies: p.replies,
		First:     p.first.evidence(p.silentFrom, now),
		Second:    p.second.evidence(p.second.at, now),
		NodeHeard: true, SinceStall: -1,
	}
	if w.clock.LastStall() >= 0 {
		evidence.SinceStall = now - w.clock.LastStall()
	}
	// A node that is not watched (it is this replica's own, or its kubelet cannot be reached) is heard by the second connection alone.
	if n := w.nodes[p.Node]; n != nil && n.hearing.Armed(now) != observe.NotArmed {
		evidence.NodeHeard = n.hearing.HeardWithin(w.livelyFor(), now)
		evidence.NodeDelay = n.slowness(now)
	}
	p.hangs = evidence.Frozen()
	return p.hangs
}

// evidence says how a request stands.
func (r *request) evidence(from, now time.Duration) observe.Request {
	acknowledged, err := r.conn.Acknowledged()
	return observe.Request{Waiting: now - from, Acknowledged: acknowledged && err == nil}
}
