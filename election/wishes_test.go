package election

import (
	"testing"
	"time"
)

// excluded is a pod that its user does not want to lead.
func excluded(c *Candidate) { c.Excluded = "its annotation says so" }

func onPreferredNode(c *Candidate) { c.OnPreferredNode = true }

func TestAnExcludedPodIsNotMadeLeader(t *testing.T) {
	sticky := Rules{Sticky: true}
	runDecide(t, map[string]decideCase{
		"it does not follow a leader that is lost": {
			rules: sticky, candidates: []Candidate{pod("a", notReadyFor(time.Second)), pod("b", excluded), pod("c")}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"not even if nobody else can": {
			rules: sticky, candidates: []Candidate{pod("b", excluded)}, incumbent: led("a"),
			want: outcome{Move: true, Reason: ReasonNoCandidate},
		},
		"not even if it is preferred": {
			rules: Rules{Sticky: true, Preferred: "b"}, candidates: []Candidate{pod("a"), pod("b", excluded), pod("c")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "c"},
		},
		"nor for more of the traffic": {
			rules: sticky, candidates: []Candidate{pod("a", missing(1)), pod("b", excluded)}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true},
		},
		"nor as the newest revision": {
			rules: sticky, candidates: []Candidate{pod("a", outdated), pod("b", current, excluded)}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true},
		},
	})
}

func TestAnExcludedLeaderGivesWay(t *testing.T) {
	sticky := Rules{Sticky: true}
	gone := outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderExcluded}
	stays := outcome{Leader: "a", Ready: true, Successor: "b"}
	runDecide(t, map[string]decideCase{
		"to a pod that may lead": {rules: sticky, candidates: []Candidate{pod("a", excluded), pod("b")}, incumbent: led("a"), want: gone},
		"but not if nobody else is there": {
			rules: sticky, candidates: []Candidate{pod("a", excluded)}, incumbent: led("a"), want: outcome{Leader: "a", Ready: true},
		},
		"but not to a pod that is not ready": {
			rules: sticky, candidates: []Candidate{pod("a", excluded), pod("b", notReadyFor(time.Minute))}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true},
		},
		"but not to a pod that is excluded, too": {
			rules: sticky, candidates: []Candidate{pod("a", excluded), pod("b", excluded)}, incumbent: led("a"), want: outcome{Leader: "a", Ready: true},
		},
		"but not to a pod that goes next": {
			rules: sticky, candidates: []Candidate{pod("a", excluded), pod("b", announced(AnnouncedNode))}, incumbent: led("a"), want: stays,
		},
		"but not to a pod that lacks a port": {
			rules: sticky, candidates: []Candidate{pod("a", excluded), pod("b", missing(1))}, incumbent: led("a"), want: stays,
		},
		"but not before that pod has been ready for long enough": {
			rules: Rules{Sticky: true, MinReady: time.Minute}, candidates: []Candidate{pod("a", excluded), pod("b")}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 30 * time.Second},
		},
		"although it is preferred": {
			rules: Rules{Sticky: true, Preferred: "a"}, candidates: []Candidate{pod("a", excluded), pod("b")}, incumbent: led("a"), want: gone,
		},
		"but not if only the Lease holder may move it": {
			rules: Rules{Sticky: true, LossesOnly: true}, candidates: []Candidate{pod("a", excluded), pod("b")}, incumbent: led("a"), want: stays,
		},
		"and is replaced when it is lost": {
			rules: sticky, candidates: []Candidate{pod("a", excluded, draining), pod("b", missing(1))}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"and keeps the traffic as the last resort": {
			rules: sticky, candidates: []Candidate{pod("a", excluded, draining)}, incumbent: led("a"),
			want: outcome{Leader: "a", Reason: ReasonLastResort},
		},
	})
}

func TestPreferredNodes(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"they come before the strategy": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("b", aged(time.Hour)), pod("c", onPreferredNode)}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "b"},
		},
		"and after the priority": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("b", priority(1)), pod("c", onPreferredNode)}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "c"},
		},
		"and before another node than the leader's": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("b"), pod("c", onPreferredNode, onNode("node-of-a"))}, incumbent: led("a"),
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "b"},
		},
		"they take nothing from a leader that is well": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a"), pod("b", onPreferredNode)}, incumbent: led("a"),
			want: outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"unless the Service is not sticky": {
			rules: Rules{}, candidates: []Candidate{pod("a"), pod("b", onPreferredNode)}, incumbent: led("a"),
			want: outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonBetterCandidate, Successor: "a"},
		},
	})
}

func TestAPauseTellsWhatItHoldsBack(t *testing.T) {
	paused := Rules{Sticky: true, Paused: true, MinReady: time.Minute}
	for name, test := range map[string]struct {
		rules      Rules
		candidates []Candidate
		want       string
		after      time.Duration
	}{
		"nothing": {rules: paused, candidates: []Candidate{pod("a"), pod("b", readyFor(time.Hour))}},
		"an announcement": {
			rules: paused, candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", readyFor(time.Hour))}, want: "b: NodeGoing",
		},
		"an announcement, in half a minute": {
			rules: paused, candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b")}, after: 30 * time.Second,
		},
		"nothing after a loss": {rules: paused, candidates: []Candidate{pod("a", draining), pod("b", readyFor(time.Hour))}},
		"nothing where there is no pause": {
			rules: Rules{Sticky: true}, candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := Decide(test.rules, test.candidates, led("a"), t0)
			got := ""
			if d.HeldBack != nil {
				got = d.HeldBack.Name + ": " + string(d.HeldBackReason)
			}
			if got != test.want || d.RequeueAfter != test.after {
				t.Errorf("held back: %q, again after %s; want %q, %s", got, d.RequeueAfter, test.want, test.after)
			}
		})
	}
}
