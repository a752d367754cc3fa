package election

import (
	"testing"
	"time"
)

func TestAPodThatCarriesLess(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"it leads when there is no other": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1))},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonFirstLeader},
		},
		"one that carries more comes first, even a preferred pod": {
			rules:      Rules{Sticky: true, Preferred: "a"},
			candidates: []Candidate{pod("a", missing(1), priority(1)), pod("b", missing(2)), pod("c")},
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "a"},
		},
		"a leader stays when all lack as much: a port was added": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1)), pod("b", missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a sticky leader gives way to a pod that carries more": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(2)), pod("b", missing(1)), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderIncomplete, Successor: "b"},
		},
		"it does not give way to one that is announced to go": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1)), pod("b", announced(AnnouncedNode))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"it does not give way to one that has crashed, until that has been ready for ten minutes": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1)), pod("b", restarted, readyFor(9*time.Minute))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: time.Minute},
		},
		"it does not give way for ten minutes after a leader that failed": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1)), pod("b", readyFor(time.Second))},
			incumbent:  ledSince("a", ReasonLeaderNotReady, 9*time.Minute),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: time.Minute},
		},
		"it gives way once the other has waited for min-ready": {
			rules:      Rules{Sticky: true, MinReady: 5 * time.Second},
			candidates: []Candidate{pod("a", missing(1)), pod("b", readyFor(2*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 3 * time.Second},
		},
		"it does not give way for a replica that looks at losses only": {
			rules:      Rules{Sticky: true, LossesOnly: true},
			candidates: []Candidate{pod("a", missing(1)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"the preferred pod does not take over when it carries less": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a"), pod("b", missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"the preferred pod and one that carries more make one move": {
			rules:      Rules{Sticky: true, Preferred: "b"},
			candidates: []Candidate{pod("a", missing(1)), pod("b"), pod("c", priority(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderIncomplete, Successor: "c"},
		},
		"a lost leader is followed by a pod that carries less when there is no other": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining), pod("b", missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"a lost leader is followed by one that carries all, although its node is cordoned": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining), pod("b", missing(1)), pod("c", announced(AnnouncedNode))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "b"},
		},
		"a leader on a cordoned node stays while the others carry less": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader that a rollout replaces stays while the new revision lacks a port": {
			rules:      sticky,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader that carries less and is announced to go leaves for one that carries as much, not for a better one that goes too": {
			rules:      sticky,
			candidates: []Candidate{pod("a", missing(1), announced(AnnouncedNode)), pod("b", missing(1)), pod("c", announced(AnnouncedNode))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "c"},
		},
		"a leader that is deleted at once hands over to a pod that carries less": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedDisruption)), pod("b", missing(1))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDisrupted, Successor: "a"},
		},
	})
}

func TestAPodThatRunsToCompletion(t *testing.T) {
	runDecide(t, map[string]decideCase{
		"it leads when there is no other": {
			rules:      sticky,
			candidates: []Candidate{pod("job", finite)},
			incumbent:  led("a"),
			want:       outcome{Leader: "job", Ready: true, Move: true, Reason: ReasonLeaderGone},
		},
		"any other pod comes first, however young, and whatever is announced or preferred": {
			rules:      Rules{Sticky: true, MinReady: time.Minute, Preferred: "job"},
			candidates: []Candidate{pod("job", finite, readyFor(time.Hour)), pod("b", readyFor(0), missing(1), announced(AnnouncedDisruption))},
			want: outcome{
				Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "job",
			},
		},
		"as leader it gives way at once": {
			rules:      Rules{Sticky: true, MinReady: time.Minute},
			candidates: []Candidate{pod("job", finite), pod("b", readyFor(0))},
			incumbent:  led("job"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonRunsToCompletion, Successor: "job"},
		},
		"as leader it gives way to the pod that would lead in the end": {
			rules:      Rules{Sticky: true, Preferred: "c"},
			candidates: []Candidate{pod("job", finite), pod("b", priority(1)), pod("c")},
			incumbent:  led("job"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRunsToCompletion, Successor: "b"},
		},
		"as leader it does not give way for a replica that looks at losses only": {
			rules:      Rules{Sticky: true, LossesOnly: true},
			candidates: []Candidate{pod("job", finite), pod("b")},
			incumbent:  led("job"),
			want:       outcome{Leader: "job", Ready: true, Successor: "b"},
		},
		"a leader that is announced to go does not hand over to it": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedDisruption)), pod("job", finite)},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "job"},
		},
		"a leader that drains stays the last resort beside it": {
			rules:      sticky,
			candidates: []Candidate{pod("a", draining), pod("job", finite)},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Reason: ReasonLastResort, Successor: "job"},
		},
		"it takes over when the leader that drains has stopped": {
			rules:      sticky,
			candidates: []Candidate{pod("a", stopped), pod("job", finite)},
			incumbent:  led("a"),
			want:       outcome{Leader: "job", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"among several the usual order counts": {
			rules:      sticky,
			candidates: []Candidate{pod("job-1", finite), pod("job-2", finite, aged(time.Hour))},
			incumbent:  led("job-1"),
			want:       outcome{Leader: "job-1", Ready: true, Successor: "job-2"},
		},
	})
}

func TestAPodWithoutAProbe(t *testing.T) {
	rules := Rules{Sticky: true, MinReadyUnprobed: 5 * time.Second}
	runDecide(t, map[string]decideCase{
		"a rollout waits for it": {
			rules:      rules,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated), pod("c", current, unprobed, readyFor(2*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 3 * time.Second},
		},
		"a pod with a probe is not waited for": {
			rules:      rules,
			candidates: []Candidate{pod("a", outdated), pod("c", current, readyFor(0))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonRollout, Successor: "a"},
		},
		"a longer min-ready counts": {
			rules:      Rules{Sticky: true, MinReady: 8 * time.Second, MinReadyUnprobed: 5 * time.Second},
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("c", unprobed, readyFor(6*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "c", RequeueAfter: 2 * time.Second},
		},
		"without such a min-ready it takes over at once": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("c", unprobed, readyFor(0))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "a"},
		},
		"it leads at once when the Service would have no leader": {
			rules:      rules,
			candidates: []Candidate{pod("a", draining), pod("c", unprobed, readyFor(0))},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"a lost leader is followed by a pod that has waited": {
			rules:      rules,
			candidates: []Candidate{pod("a", draining, outdated), pod("b", outdated), pod("c", current, unprobed, readyFor(0))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "c", RequeueAfter: 5 * time.Second},
		},
	})
}
