package watch

import (
	"context"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// With many leaders on a lost node, not all candidates can be asked at a time. Each has its turn.
func TestACandidateWaitsForItsTurn(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, _ := watched(t, leader, candidate, func(*observe.Service) {})
	for range maxCandidateAsks {
		w.asking <- struct{}{}
	}
	w.mu.Lock()
	s := w.services[key("web")]
	w.listenForCandidates(t.Context(), s)
	w.mu.Unlock()
	asked := func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return s.asked.Has("candidate")
	}
	eventually(t, "the candidate waits", asked)
	before := candidate.asked.Load()
	<-w.asking
	eventually(t, "the candidate is asked", func() bool { return candidate.asked.Load() > before })
	for range maxCandidateAsks - 1 {
		<-w.asking
	}
	eventually(t, "the candidate is heard", candidateHeard(w))
}

// A crash is looked into as part of a question, which ends as soon as it is clear. The candidates are asked for longer, and at the next crash again.
func TestCandidatesAreAskedForLongerThanTheQuestionThatItBeganWith(t *testing.T) {
	leader, candidate := newApp(t), newApp(t)
	w, _ := watched(t, leader, candidate, func(*observe.Service) {})
	for range 2 {
		question, end := context.WithCancel(t.Context())
		end()
		w.mu.Lock()
		w.listenForCandidates(question, w.services[key("web")])
		w.mu.Unlock()
		eventually(t, "the candidate is heard", candidateHeard(w))
		eventually(t, "the candidates are no longer asked", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.services[key("web")].heard == nil
		})
	}
}

// If all pods of a Service are paused and go on together, one of them answers first.
func TestACandidateMustBeHeardForLongerIfItWasSilentTogetherWithTheLeader(t *testing.T) {
	for name, test := range map[string]struct {
		verdict observe.Verdict
		heard   hearing
		now     time.Duration
		want    bool
	}{
		"heard before the verdict":                {observe.LeaderFrozen, hearing{900 * time.Millisecond, time.Second}, time.Second, true},
		"heard at the end of a pause":             {observe.LeaderFrozen, hearing{2 * time.Second, 2 * time.Second}, 2 * time.Second, false},
		"heard since the end of a pause":          {observe.LeaderFrozen, hearing{2 * time.Second, 2300 * time.Millisecond}, 2300 * time.Millisecond, true},
		"heard after a node was lost":             {observe.NodeLost, hearing{2 * time.Second, 2 * time.Second}, 2 * time.Second, false},
		"heard after a crash":                     {observe.LeaderCrashed, hearing{2 * time.Second, 2 * time.Second}, 2 * time.Second, true},
		"heard before the verdict, and no longer": {observe.LeaderFrozen, hearing{900 * time.Millisecond, time.Second}, 2 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{verdict: test.verdict, verdictAt: time.Second}
			if got := s.counts(test.heard, test.now); got != test.want {
				t.Errorf("the candidate may take over: %t, want %t", got, test.want)
			}
		})
	}
}
