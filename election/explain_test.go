package election

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	neighbour := onNode("node-of-a")
	for name, test := range map[string]struct {
		rules      Rules
		candidates []Candidate
		incumbent  Incumbent
		want       []string
	}{
		"nobody":                               {},
		"a leader alone":                       {candidates: []Candidate{pod("a")}, incumbent: led("a"), want: []string{"a Leader"}},
		"pods of the same age go by name":      {candidates: []Candidate{pod("c"), pod("b"), pod("a")}, incumbent: led("a"), want: []string{"a Leader", "b Successor", "c Candidate Name"}},
		"the strategy":                         {candidates: []Candidate{pod("a"), pod("b", aged(1)), pod("c", aged(2))}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Strategy"}},
		"the deletion cost":                    {rules: Rules{Sticky: true}, candidates: []Candidate{pod("a"), pod("b"), pod("c", deletionCost(1))}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate DeletionCost"}},
		"the leader's node, if sticky":         {rules: Rules{Sticky: true}, candidates: []Candidate{pod("a"), pod("b", neighbour), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Node"}},
		"the leader's node does not matter":    {candidates: []Candidate{pod("a", aged(9*time.Minute)), pod("b", neighbour), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "b Successor", "c Candidate Name"}},
		"the priority":                         {rules: Rules{Sticky: true}, candidates: []Candidate{pod("a"), pod("b"), pod("c", priority(1))}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Priority"}},
		"the preferred pod takes over at once": {rules: Rules{Preferred: "c"}, candidates: []Candidate{pod("a"), pod("b"), pod("c")}, incumbent: led("a"), want: []string{"c Leader", "a Successor", "b Candidate Name"}},
		"a pod that is announced to go":        {candidates: []Candidate{pod("a"), pod("b", announced(AnnouncedNode)), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Announcement Announced"}},
		"a pod that goes at once":              {candidates: []Candidate{pod("a"), pod("b", announced(AnnouncedScaleDown)), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Deletion Announced"}},
		"a pod that lacks a port":              {candidates: []Candidate{pod("a"), pod("b", missing(1)), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Traffic Incomplete"}},
		"a pod that runs to completion":        {candidates: []Candidate{pod("a"), pod("b", finite), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Completion RunsToCompletion"}},
		"a pod with a mark":                    {candidates: []Candidate{pod("a"), pod("b", marked), pod("c")}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate Trust InDoubt"}},
		"a pod that is too young":              {rules: Rules{MinReady: time.Minute}, candidates: []Candidate{pod("a", readyFor(time.Hour)), pod("b"), pod("c", readyFor(time.Hour))}, incumbent: led("a"), want: []string{"a Leader", "c Successor", "b Candidate MinReady TooYoung until 30s"}},
		"a pod that a rollout replaces": {
			candidates: []Candidate{pod("a", current), pod("b", outdated), pod("c", current)}, incumbent: led("a"),
			want: []string{"a Leader", "c Successor", "b Candidate Announcement Announced"},
		},
		"pods that cannot lead come last, by name": {
			candidates: []Candidate{pod("d", draining), pod("c", broken), pod("b", notReadyFor(1)), pod("a"), pod("e")}, incumbent: led("a"),
			want: []string{"a Leader", "e Successor", "b Excluded NotReady", "c Excluded Unfit", "d Excluded Terminating"},
		},
		"a leader that terminates and gives way": {
			candidates: []Candidate{pod("a", draining), pod("b")}, incumbent: led("a"), want: []string{"b Leader", "a Excluded Terminating"},
		},
		"a leader that terminates and is the last resort": {
			candidates: []Candidate{pod("a", draining), pod("b", stopped)}, incumbent: led("a"),
			want: []string{"a Leader Terminating", "b Excluded Terminating NotReady"},
		},
		"nobody can lead": {candidates: []Candidate{pod("a", broken, notReadyFor(1))}, want: []string{"a Excluded NotReady Unfit"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, standings := Explain(test.rules, test.candidates, test.incumbent, t0)
			var got []string
			for _, standing := range standings {
				got = append(got, describe(standing))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected standings (-want +got):\n%s", diff)
			}
		})
	}
}

func describe(s Standing) string {
	text := fmt.Sprint(s.Candidate.Name, " ", s.Role)
	if s.Behind != "" {
		text += " " + string(s.Behind)
	}
	for _, obstacle := range s.Obstacles {
		text += " " + string(obstacle)
	}
	if !s.EligibleFrom.IsZero() {
		text += " until " + s.EligibleFrom.Sub(t0).String()
	}
	return text
}

func TestAnExplanationAgreesWithTheDecision(t *testing.T) {
	runProperty(t, "for any pods", func(s input) error {
		want := s.decide()
		decision, standings := Explain(s.Rules, s.Candidates, s.Incumbent, t0)
		if diff := cmp.Diff(want, decision); diff != "" {
			return fmt.Errorf("another decision (-want +got):\n%s", diff)
		}
		if len(standings) != len(s.Candidates) {
			return fmt.Errorf("%d standings of %d pods", len(standings), len(s.Candidates))
		}
		roles := map[Role]string{}
		for i, standing := range standings {
			if standing.Role == RoleLeader || standing.Role == RoleSuccessor {
				roles[standing.Role] = standing.Candidate.UID
			}
			excluded := slices.ContainsFunc(standing.Obstacles, Obstacle.Excludes)
			if fits := standing.Candidate.Fit(); excluded == fits || standing.Role == RoleExcluded && fits {
				return fmt.Errorf("%s is fit: %t, and has the standing %+v", standing.Candidate.Name, fits, standing)
			}
			if standing.Role == RoleCandidate && i > 1 && standing.Behind == "" {
				return fmt.Errorf("nothing places %s", standing.Candidate.Name)
			}
		}
		if roles[RoleLeader] != uidOf(decision.Leader) || roles[RoleSuccessor] != uidOf(decision.Successor) {
			return fmt.Errorf("the decision has %q and %q, and the standings %v", uidOf(decision.Leader), uidOf(decision.Successor), roles)
		}
		return nil
	})
}
