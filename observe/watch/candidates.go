package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// candidatesAsked is how many candidates are asked while the leader is suspected, the best first.
	candidatesAsked = 3
	// askCandidatesEvery is how often, and at least how long.
	askCandidatesEvery = 200 * time.Millisecond
	askCandidatesFor   = time.Second
	// candidateWithin is how long an answer of a candidate may take.
	candidateWithin = 500 * time.Millisecond
	// maxCandidateAsks is how many candidates are asked at a time, of all Services. The others wait for their turn.
	maxCandidateAsks = 256
)

// suspected reports whether the leader of a Service may be lost. A replica that hears hardly any other node suspects its own network.
func (w *Watcher) suspected(s *service) bool {
	if s.Leader == nil {
		return false
	}
	if w.silentPods[s.Leader.UID] != nil {
		return true
	}
	n := w.suspects[s.Leader.Node]
	if n == nil {
		return false
	}
	others, heard := w.others(n, w.clock.Now())
	return !observe.NodeEvidence{Others: others, OthersHeard: heard}.Isolated()
}

// listenForCandidates begins to ask those who could follow, unless they are being asked already: no verdict moves a leader to a pod that was
// not heard.
func (w *Watcher) listenForCandidates(ctx context.Context, s *service) {
	if s.heard != nil {
		return
	}
	s.heard, s.asked = map[types.UID]hearing{}, sets.New[types.UID]()
	go w.askCandidates(context.WithoutCancel(ctx), s) // it ends with the suspicion, and not with the question to the leader that it began with
}

// askCandidates asks the candidates of a Service until its leader is no longer suspected.
func (w *Watcher) askCandidates(ctx context.Context, s *service) {
	began := time.Now()
	for {
		candidates, more := w.candidatesOf(s, time.Since(began) >= askCandidatesFor)
		if !more {
			return
		}
		for i := range candidates {
			go w.askCandidate(ctx, s, &candidates[i])
		}
		pause(ctx, askCandidatesEvery)
	}
}

// candidatesOf returns the candidates to ask: those that are not being asked already. It returns false, and ends the asking, if none is to be asked any more, or the Watcher has stopped.
func (w *Watcher) candidatesOf(s *service, mayEnd bool) (candidates []observe.Pod, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.services[s.key] != s || mayEnd && !w.suspected(s) {
		s.heard = nil
		return nil, false
	}
	for _, candidate := range s.Candidates[:min(len(s.Candidates), candidatesAsked)] {
		if !s.asked.Has(candidate.UID) {
			s.asked.Insert(candidate.UID)
			candidates = append(candidates, candidate)
		}
	}
	return candidates, true
}

// askCandidate asks one candidate, and records that it was heard.
func (w *Watcher) askCandidate(ctx context.Context, s *service, candidate *observe.Pod) {
	defer w.candidateAsked(s, candidate.UID)
	w.asking <- struct{}{}
	defer func() { <-w.asking }()
	ctx, cancel := context.WithTimeout(ctx, candidateWithin)
	defer cancel()
	if !w.answers(ctx, s, candidate) {
		return
	}
	if w.candidateHeard(s, candidate.UID) {
		w.Changed(s.key)
	}
}

// candidateAsked records that a candidate is no longer being asked.
func (w *Watcher) candidateAsked(s *service, uid types.UID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.asked.Delete(uid)
}

// candidateHeard records that a candidate was heard. It reports whether a verdict waits for that.
func (w *Watcher) candidateHeard(s *service, uid types.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.heard == nil {
		return false
	}
	now := w.clock.Now()
	h, known := s.heard[uid]
	counted := known && s.counts(h, now)
	if !known || now-h.to > candidateHeardFor {
		h.from = now
	}
	h.to = now
	s.heard[uid] = h
	return s.verdict != observe.NotLost && !counted && s.counts(h, now)
}

// answers reports whether a candidate answers its own readiness probe or, if that cannot be repeated, whether its node answers.
func (w *Watcher) answers(ctx context.Context, s *service, candidate *observe.Pod) bool {
	w.mu.Lock()
	probes, own, n := s.ProbePods && candidate.Probe != nil, candidate.Node == w.own, w.nodes[candidate.Node]
	heard := n != nil && n.hearing.HeardWithin(w.livelyFor(), w.clock.Now())
	w.mu.Unlock()
	switch {
	case probes:
		_, err := askOnce(ctx, *candidate.Probe, candidateWithin)
		return err == nil
	case own || heard:
		return true
	case n != nil:
		return false
	}
	known, exists := w.Cluster.ObservedNode(candidate.Node)
	if !exists || !known.Kubelet.IsValid() {
		return false
	}
	accepted := false
	conn, err := probe.DialKubelet(ctx, known.Kubelet, func() { accepted = true })
	if err != nil {
		return accepted || probe.Refused(err)
	}
	conn.Close()
	return true
}
