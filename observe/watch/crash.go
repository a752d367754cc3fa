package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// crashChecks is how often a pod is connected to after its connection has ended, before its next regular question.
	crashChecks = 10
	// crashHangups is how many accepted connections may end without an answer there. A server may treat all of them so.
	crashHangups = 3
	// crashAnswerWithin is how long an accepted connection may take to answer there.
	crashAnswerWithin = 200 * time.Millisecond
	// policyGap is the pause between attempts if no connection has ended: a policy that rejects packets may be changing.
	policyGap = 150 * time.Millisecond
)

// lookForCrash connects to a pod whose connection has ended, or was refused, until it is clear whether anything listens. It reports whether the
// pod has answered.
func (w *Watcher) lookForCrash(ctx context.Context, p *pod, how observe.Probe, ended bool) (heard bool) {
	replies := w.expectCrash(ctx, p)
	if replies == 0 {
		return false
	}
	evidence := observe.CrashEvidence{Replies: replies, Ended: ended}
	gap := observe.RefusalGap
	if !ended {
		gap = policyGap
	}
	began, hangups := time.Now(), 0
	for range crashChecks {
		ready, err := askOnce(ctx, how, crashAnswerWithin)
		switch {
		case err == nil:
			w.podHeard(p, ready)
			return true
		case probe.Refused(err):
			evidence.Refusals++
			evidence.Over = time.Since(began)
		case probe.Hangup(err) && hangups < crashHangups: // accepted by a socket that was about to close
			hangups++
			evidence.Refusals = 0
		default:
			return false // nothing is known; the next question shows more
		}
		if evidence.Crashed() {
			w.podCrashed(p)
			return false
		}
		pause(ctx, gap)
	}
	return false
}

// askOnce connects to a pod and asks it once. It reports whether the pod says that it is ready.
func askOnce(ctx context.Context, how observe.Probe, within time.Duration) (ready bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := probe.Dial(ctx, how)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	err = conn.Ask(ctx)
	return conn.Ready(), err
}

// expectCrash begins to listen for those who would follow, while it is looked into whether the pod has crashed. It returns how often the
// pod has answered before; zero if there is nothing to look into, because it never has or is known to have crashed.
func (w *Watcher) expectCrash(ctx context.Context, p *pod) (replies int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.heardSince = -1
	if p.crashed || p.replies == 0 {
		return 0
	}
	for _, key := range p.leads {
		if s := w.services[key]; s != nil {
			w.listenForCandidates(ctx, s)
		}
	}
	return p.replies
}

// podCrashed records that nothing listens any more, and tells those who wait for the verdict.
func (w *Watcher) podCrashed(p *pod) {
	w.mu.Lock()
	p.crashed = true
	if w.pods[p.UID] == p {
		w.silentPods[p.UID] = p
	}
	var changed []types.NamespacedName
	for _, key := range p.leads {
		if s := w.services[key]; s != nil && s.verdict != observe.LeaderCrashed {
			s.verdict, s.verdictAt = observe.LeaderCrashed, w.clock.Now()
			w.metrics.verdicts.WithLabelValues(string(s.verdict)).Inc()
			changed = append(changed, key)
		}
	}
	w.mu.Unlock()
	for _, key := range changed {
		w.Changed(key)
	}
}
