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
	// crashAnswerWithin is how long an accepted connection may take to answer there.
	crashAnswerWithin = 200 * time.Millisecond
	// policyGap is the pause between attempts if no connection has ended: a policy that rejects packets may be changing.
	policyGap = 150 * time.Millisecond
)

// lookForCrash connects to a pod whose connection has ended, or was refused, until it is clear whether anything listens.
func (w *Watcher) lookForCrash(ctx context.Context, p *pod, how observe.Probe, ended bool) {
	if !w.expectCrash(ctx, p) {
		return
	}
	evidence := observe.CrashEvidence{Replies: w.repliesOf(p), Ended: ended}
	gap := observe.RefusalGap
	if !ended {
		gap = policyGap
	}
	began := time.Now()
	for range crashChecks {
		err := w.tryOnce(ctx, how)
		switch {
		case err == nil:
			w.podHeard(p)
			return
		case probe.Refused(err):
			evidence.Refusals++
			evidence.Over = time.Since(began)
		case probe.Hangup(err): // accepted by a socket that was about to close
			evidence.Refusals = 0
		default:
			return // nothing is known; the next question shows more
		}
		if evidence.Crashed() {
			w.podCrashed(p)
			return
		}
		pause(ctx, gap)
	}
}

// tryOnce connects to a pod and asks it once.
func (w *Watcher) tryOnce(ctx context.Context, how observe.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, crashAnswerWithin)
	defer cancel()
	conn, err := probe.Dial(ctx, how)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Ask(ctx)
}

// expectCrash begins to listen for those who would follow, while it is looked into whether the pod has crashed. It returns false if that is
// known already.
func (w *Watcher) expectCrash(ctx context.Context, p *pod) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.heardSince = -1
	if p.crashed {
		return false
	}
	for _, key := range p.leads {
		if s := w.services[key]; s != nil {
			w.listenForCandidates(ctx, s)
		}
	}
	return true
}

func (w *Watcher) repliesOf(p *pod) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return p.replies
}

// podCrashed records that nothing listens any more, and tells those who wait for the verdict.
func (w *Watcher) podCrashed(p *pod) {
	w.mu.Lock()
	p.crashed = true
	w.silentPods[p.UID] = p
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
