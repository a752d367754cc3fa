package election

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestALeaderThatIsBelievedLost(t *testing.T) {
	sticky := Rules{Sticky: true}
	runDecide(t, map[string]decideCase{
		"gives way to a pod that was heard": {
			rules: sticky, candidates: []Candidate{pod("a", lost(ReasonLeaderCrashed)), pod("b"), pod("c", heard)}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderCrashed, Successor: "b"},
		},
		"gives way also if only losses may move it": {
			rules:      Rules{Sticky: true, LossesOnly: true},
			candidates: []Candidate{pod("a", lost(ReasonNodeLost)), pod("b", heard)}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeLost, Successor: "a"},
		},
		"gives way to a young pod if no other was heard": {
			rules:      Rules{Sticky: true, MinReady: time.Minute},
			candidates: []Candidate{pod("a", lost(ReasonLeaderFrozen), readyFor(time.Hour)), pod("b", readyFor(time.Hour)), pod("c", heard)}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderFrozen, Successor: "b"},
		},
		"stays if nobody was heard": {
			rules: sticky, candidates: []Candidate{pod("a", lost(ReasonNodeLost)), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"stays if all others are in doubt": {
			rules: sticky, incumbent: led("a"),
			candidates: []Candidate{pod("a", lost(ReasonNodeLost)), pod("b", heard, marked), pod("c", heard, lost(ReasonLeaderFrozen))},
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"stays if the pod that was heard is not fit": {
			rules: sticky, candidates: []Candidate{pod("a", lost(ReasonNodeLost)), pod("b", heard, draining), pod("c", heard, broken)}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true},
		},
		"is gone if its deletion began meanwhile": {
			rules: sticky, candidates: []Candidate{pod("a", lost(ReasonNodeLost), draining), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
	})
}

func TestAPodInDoubtComesLast(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"after the loss of the leader": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", aged(time.Hour), marked), pod("b", aged(time.Hour), lost(ReasonNodeLost)), pod("c")},
			incumbent: led("gone"),
			want:      outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "a"},
		},
		"and leads if no other pod can": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", marked), pod("b", draining)}, incumbent: led("b"),
			want: outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"also behind one that runs to completion": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", marked), pod("b", finite)}, incumbent: led("gone"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "a"},
		},
		"although it is preferred": {
			rules: Rules{Sticky: true, Preferred: "a"}, candidates: []Candidate{pod("a", marked), pod("b")}, incumbent: led("b"),
			want: outcome{Leader: "b", Ready: true, Successor: "a"},
		},
		"although it is better": {
			rules: Rules{}, candidates: []Candidate{pod("a", aged(time.Hour), lost(ReasonNodeLost)), pod("b")}, incumbent: led("b"),
			want: outcome{Leader: "b", Ready: true, Successor: "a"},
		},
		"although the leader is announced to go": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", marked), pod("b", announced(AnnouncedNode))}, incumbent: led("b"),
			want: outcome{Leader: "b", Ready: true, Successor: "a"},
		},
	})
}

func TestALeaderOutOfSight(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"stays ready if no pod is fit": {
			candidates: []Candidate{pod("a", outOfSight), pod("b", outOfSight)}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true},
		},
		"gives way to a fit pod": {
			candidates: []Candidate{pod("a", outOfSight), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"stays while it says that it is ready": {
			candidates: []Candidate{pod("a", outOfSight, saysReady), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"gives way by a verdict to a pod that was heard": {
			candidates: []Candidate{pod("a", outOfSight, saysReady, lost(ReasonNodeLost)), pod("b"), pod("c", heard)}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonNodeLost, Successor: "b"},
		},
		"stays against a verdict if nobody was heard": {
			candidates: []Candidate{pod("a", outOfSight, saysReady, lost(ReasonLeaderFrozen)), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"gives way by a verdict when it no longer says so": {
			candidates: []Candidate{pod("a", outOfSight, lost(ReasonLeaderFrozen)), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"gives way to the pod that the user prefers, although it says that it is ready": {
			rules: Rules{Sticky: true, Preferred: "b"}, candidates: []Candidate{pod("a", outOfSight, saysReady), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonPreferred},
		},
		"gives way when its node goes, although it says that it is ready": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", outOfSight, saysReady, announced(AnnouncedNode)), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeGoing},
		},
		"gives way although it says so, if it cannot carry the traffic": {
			candidates: []Candidate{pod("a", outOfSight, saysReady, broken), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderUnfit},
		},
		"gives way although it says so, once it is deleted": {
			candidates: []Candidate{pod("a", outOfSight, saysReady, draining), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"gives way although it says so, if its kubelet has reported it": {
			candidates: []Candidate{pod("a", notReadyFor(time.Second), saysReady), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"is the last resort once it is deleted": {
			candidates: []Candidate{pod("a", outOfSight, draining, outOfSight)}, incumbent: led("a"),
			want: outcome{Leader: "a", Reason: ReasonLastResort},
		},
		"is no new leader": {
			candidates: []Candidate{pod("a", outOfSight)}, incumbent: led("gone"),
			want: outcome{Move: true, Reason: ReasonNoCandidate},
		},
		"is lost if its kubelet said so itself": {
			candidates: []Candidate{pod("a", notReadyFor(time.Second))}, incumbent: led("a"),
			want: outcome{Move: true, Reason: ReasonNoCandidate},
		},
	})
}

// TestAlwaysInDoubt checks what must be true of every decision, whatever observers believe.
func TestAlwaysInDoubt(t *testing.T) {
	for name, holds := range map[string]func(s input) error{
		"the pods' order does not matter": func(s input) error {
			return differ(s.decide(), Decide(s.Rules, s.Shuffled, s.Incumbent, t0))
		},
		"deciding again never moves back, and moves at most once more": func(s input) error {
			first := s.decide()
			again := Decide(s.Rules, s.Candidates, s.led(first), t0) // from a heard pod, for example, that is announced to go
			last := Decide(s.Rules, s.Candidates, again.incumbent(s.led(first), t0), t0)
			if again.Move && (!first.Reason.Verdict() || uidOf(again.Leader) == s.Incumbent.UID) || last.Move {
				return fmt.Errorf("first %+v, then %+v, then %+v", first, again, last)
			}
			return nil
		},
		"a leader that stands never gives way to a pod in doubt": func(s input) error {
			d := s.decide()
			if s.Rules.stands(s.holder(), t0) && d.Move && !d.Leader.trusted() {
				return fmt.Errorf("gave way: %+v", d)
			}
			return nil
		},
		"a verdict moves the leader only to a fit pod that was heard and is not in doubt": func(s input) error {
			d := s.decide()
			if d.Reason.Verdict() && (!d.Move || !d.Leader.Fit() || !d.Leader.Heard || !d.Leader.trusted()) {
				return fmt.Errorf("moved: %+v", d)
			}
			return nil
		},
		"a pod in doubt is made leader only if no other pod is fit": func(s input) error {
			d := s.decide()
			trusted := slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return c.Fit() && c.trusted() && c.UID != s.Incumbent.UID })
			if d.Move && d.Leader != nil && !d.Leader.trusted() && trusted {
				return fmt.Errorf("led: %+v", d)
			}
			return nil
		},
		"somebody leads whenever a pod is fit": func(s input) error {
			if d := s.decide(); d.Leader == nil && slices.ContainsFunc(s.Candidates, Candidate.Fit) {
				return fmt.Errorf("nobody leads: %+v", d)
			}
			return nil
		},
		"with LossesOnly a leader moves only by a loss": func(s input) error {
			s.Rules.LossesOnly = true
			if d := s.decide(); d.Move && !d.Reason.Loss() {
				return fmt.Errorf("moved: %+v", d)
			}
			return nil
		},
		"a decision without a verdict is that of pods nobody doubts, if nobody doubts them": func(s input) error {
			plain := s.withoutDoubts()
			for i := range plain.Candidates {
				plain.Candidates[i].Heard = !plain.Candidates[i].Heard
			}
			with := plain.decide()
			for i := range plain.Candidates {
				plain.Candidates[i].Heard = !plain.Candidates[i].Heard
			}
			if diff := cmp.Diff(uidOf(plain.decide().Leader), uidOf(with.Leader)); diff != "" {
				return fmt.Errorf("who was heard matters without a verdict: %s", diff)
			}
			return nil
		},
	} {
		runProperty(t, name, holds)
	}
}
