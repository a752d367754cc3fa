package election

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outcome is a Decision with names instead of pods.
type outcome struct {
	Leader       string
	Ready        bool
	Move         bool
	Reason       Reason
	Successor    string
	RequeueAfter time.Duration
}

func outcomeOf(d Decision) outcome {
	return outcome{nameOf(d.Leader), d.Ready, d.Move, d.Reason, nameOf(d.Successor), d.RequeueAfter}
}

type decideCase struct {
	rules      Rules
	candidates []Candidate
	incumbent  Incumbent
	want       outcome
}

func runDecide(t *testing.T, cases map[string]decideCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := Decide(test.rules, test.candidates, test.incumbent, t0)
			if diff := cmp.Diff(test.want, outcomeOf(got)); diff != "" {
				t.Errorf("unexpected decision (-want +got):\n%s", diff)
			}
		})
	}
}

var sticky = Rules{Strategy: StrategyOldest, Sticky: true}

func TestTheFirstLeader(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"a Service without pods has no leader": {
			rules: sticky,
			want:  outcome{Reason: ReasonNoCandidate},
		},
		"the oldest pod leads and the next oldest is its successor": {
			rules:      sticky,
			candidates: []Candidate{pod("a", aged(time.Minute)), pod("b", aged(time.Hour)), pod("c", aged(2*time.Minute))},
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "c"},
		},
		"pods that cannot carry traffic are passed over": {
			rules: sticky,
			candidates: []Candidate{
				pod("a", notReadyFor(time.Second)), pod("b", draining), pod("c", broken), pod("d", stopped), pod("e"),
			},
			want: outcome{Leader: "e", Ready: true, Move: true, Reason: ReasonFirstLeader},
		},
		"a terminating pod is never made leader": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining)},
			want:       outcome{Reason: ReasonNoCandidate},
		},
		"a pod that is announced to go leads when there is no other": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedNode))},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonFirstLeader},
		},
		"of pods that are announced to go, the one with longest to live leads": {
			rules: sticky,
			candidates: []Candidate{
				pod("a", announced(AnnouncedDisruption)), pod("b", announced(AnnouncedNode)), pod("c", announced(AnnouncedRollout)),
			},
			want: outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "b"},
		},
		"the preferred pod leads before a higher priority": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a", priority(10)), pod("b")},
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "a"},
		},
		"the preferred pod does not lead while it is announced to go": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a"), pod("b", announced(AnnouncedNode))},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "b"},
		},
		"a preferred pod that does not exist changes nothing": {
			rules:      Rules{Sticky: true, Preferred: "z"},
			candidates: []Candidate{pod("a"), pod("b")},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "b"},
		},
		"a higher priority comes before the strategy": {
			rules:      sticky,
			candidates: []Candidate{pod("a", aged(time.Hour)), pod("b", priority(1)), pod("c", priority(-1), aged(2*time.Hour))},
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "a"},
		},
	})
}

func TestAHealthyLeader(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"a sticky leader stays beside an older pod": {
			rules:      sticky,
			candidates: []Candidate{pod("a"), pod("b", aged(time.Hour))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a sticky leader stays beside a higher priority": {
			rules:      sticky,
			candidates: []Candidate{pod("a"), pod("b", priority(10))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"without sticky the better candidate takes over": {
			rules:      Rules{},
			candidates: []Candidate{pod("a"), pod("b", aged(time.Hour))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonBetterCandidate, Successor: "a"},
		},
		"without sticky the best candidate stays": {
			rules:      Rules{},
			candidates: []Candidate{pod("a"), pod("b", aged(time.Hour))},
			incumbent:  led("b"),
			want:       outcome{Leader: "b", Ready: true, Successor: "a"},
		},
		"the preferred pod takes over from a sticky leader": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a", priority(10)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonPreferred, Successor: "a"},
		},
		"the preferred pod stays beside a higher priority": {
			rules:      Rules{Preferred: "b"},
			candidates: []Candidate{pod("a", priority(10)), pod("b")},
			incumbent:  led("b"),
			want:       outcome{Leader: "b", Ready: true, Successor: "a"},
		},
		"a preferred pod that is announced to go does not take over": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a"), pod("b", announced(AnnouncedRollout))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a preferred pod that is not ready does not take over": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a"), pod("b", notReadyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true},
		},
	})
}

func TestALeaderAnnouncedToGo(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"a leader with DisruptionTarget hands over": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedDisruption)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDisrupted, Successor: "a"},
		},
		"a leader on a cordoned node hands over to the pod that is not on it": {
			rules: sticky,
			candidates: []Candidate{
				pod("a", announced(AnnouncedNode)), pod("b", announced(AnnouncedNode), aged(time.Hour)), pod("c", priority(-1)),
			},
			incumbent: led("a"),
			want:      outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "b"},
		},
		"a leader of an old revision hands over to the new one": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedRollout)), pod("b", announced(AnnouncedRollout)), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"a leader stays while everybody is announced to go": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", announced(AnnouncedRollout))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader that is to be deleted at once hands over to the pod with longest to live": {
			rules: sticky,
			candidates: []Candidate{
				pod("a", announced(AnnouncedDisruption)), pod("b", announced(AnnouncedScaleDown)), pod("c", announced(AnnouncedNode)),
			},
			incumbent: led("a"),
			want:      outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDisrupted, Successor: "b"},
		},
		"a leader that is scaled away stays while nobody has longer to live": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedScaleDown)), pod("b", announced(AnnouncedDisruption))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader that is scaled away hands over": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedScaleDown)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonScaleDown, Successor: "a"},
		},
		"a leader that is not sticky stays too while everybody is announced to go": {
			rules:      Rules{},
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", announced(AnnouncedRollout))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader hands over to the preferred pod, and the announcement is the reason": {
			rules:      Rules{Sticky: true, Preferred: "c"},
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b"), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "b"},
		},
		"the preferred leader is left when it is announced to go": {
			rules:      Rules{Sticky: true, Preferred: "a"},
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "a"},
		},
		"a leader with DisruptionTarget prefers another node": {
			rules: sticky,
			candidates: []Candidate{
				pod("a", announced(AnnouncedDisruption)), pod("b", onNode("node-of-a"), aged(time.Hour)), pod("c"),
			},
			incumbent: led("a"),
			want:      outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDisrupted, Successor: "b"},
		},
	})
}

func TestALostLeader(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"a deleted leader is followed": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"a leader that is no longer there is followed": {
			rules:      sticky,
			candidates: []Candidate{pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone},
		},
		"a pod that came back under the leader's name is another pod": {
			rules:      sticky,
			candidates: []Candidate{pod("a")},
			incumbent:  Incumbent{UID: "uid-of-the-first", Name: "a", Node: "node-of-a"},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonLeaderGone},
		},
		"a leader that is not ready is followed": {
			rules:      sticky,
			candidates: []Candidate{pod("a", notReadyFor(0)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"a leader that can no longer carry the traffic is followed": {
			rules:      sticky,
			candidates: []Candidate{pod("a", broken), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderUnfit},
		},
		"a successor on another node comes before the strategy": {
			rules:      sticky,
			candidates: []Candidate{pod("b", onNode("node-of-a"), aged(time.Hour)), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "b"},
		},
		"a successor on another node does not come before the priority": {
			rules:      sticky,
			candidates: []Candidate{pod("b", onNode("node-of-a"), priority(1)), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "c"},
		},
		"without sticky the best candidate follows on whatever node it is, because it would lead in the end": {
			rules:      Rules{},
			candidates: []Candidate{pod("b", onNode("node-of-a"), aged(time.Hour)), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "c"},
		},
		"a draining leader stays as the last resort": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining), pod("b", notReadyFor(time.Minute))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Reason: ReasonLastResort},
		},
		"a draining leader without an address is no resort": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining, broken)},
			incumbent:  led("a"),
			want:       outcome{Move: true, Reason: ReasonNoCandidate},
		},
		"a stopped leader leaves nobody": {
			rules:      sticky,
			candidates: []Candidate{pod("a", stopped)},
			incumbent:  led("a"),
			want:       outcome{Move: true, Reason: ReasonNoCandidate},
		},
		"another terminating pod does not follow": {
			rules:      sticky,
			candidates: []Candidate{pod("a", stopped), pod("b", draining)},
			incumbent:  led("a"),
			want:       outcome{Move: true, Reason: ReasonNoCandidate},
		},
		"a leader that is not ready leaves nobody when it is alone": {
			rules:      sticky,
			candidates: []Candidate{pod("a", notReadyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Move: true, Reason: ReasonNoCandidate},
		},
	})
}
