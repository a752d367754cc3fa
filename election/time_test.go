package election

import (
	"testing"
	"time"
)

func TestMinReady(t *testing.T) {
	rules := Rules{Sticky: true, MinReady: 10 * time.Second}
	preferB := Rules{Sticky: true, MinReady: 10 * time.Second, Preferred: "b"}
	runDecide(t, map[string]decideCase{
		"a young pod does not lead beside one that has waited": {
			rules:      rules,
			candidates: []Candidate{pod("a", aged(time.Hour), readyFor(9*time.Second)), pod("b", readyFor(10*time.Second))},
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonFirstLeader, Successor: "a"},
		},
		"a young pod leads at once when the Service would have no leader": {
			rules:      rules,
			candidates: []Candidate{pod("a", readyFor(time.Second))},
			incumbent:  led("z"),
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonLeaderGone},
		},
		"a young pod comes before a draining leader": {
			rules:      rules,
			candidates: []Candidate{pod("a", draining), pod("b", readyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"a leader needs no min-ready": {
			rules:      rules,
			candidates: []Candidate{pod("a", readyFor(time.Second)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"an announced leader waits for the young pod that will take over": {
			rules:      rules,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", readyFor(4*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 6 * time.Second},
		},
		"an announced pod that has waited comes before a young one that stays, which takes over later": {
			rules:      rules,
			candidates: []Candidate{pod("a", draining), pod("b", announced(AnnouncedNode)), pod("c", readyFor(4*time.Second))},
			incumbent:  led("a"),
			want: outcome{
				Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "c", RequeueAfter: 6 * time.Second,
			},
		},
		"the preferred pod takes over when it has waited": {
			rules:      preferB,
			candidates: []Candidate{pod("a"), pod("b", readyFor(3*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 7 * time.Second},
		},
		"without sticky a better pod takes over when it has waited": {
			rules:      Rules{MinReady: 10 * time.Second},
			candidates: []Candidate{pod("a"), pod("b", aged(time.Hour), readyFor(3*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 7 * time.Second},
		},
		"the standing successor changes when a better one has waited": {
			rules: rules,
			candidates: []Candidate{
				pod("a"), pod("b"), pod("c", readyFor(8*time.Second)), pod("d", aged(time.Hour), readyFor(4*time.Second)),
			},
			incumbent: led("a"),
			want:      outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 6 * time.Second},
		},
		"a young pod that would not win is not waited for": {
			rules:      rules,
			candidates: []Candidate{pod("a"), pod("b"), pod("c", readyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a young pod that a sticky new leader keeps out is waited for as its successor only": {
			rules:      rules,
			candidates: []Candidate{pod("b"), pod("c", priority(1), readyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderGone, Successor: "c"},
		},
		"a pod that its kubelet calls ready in the future waits for longer": {
			rules:      rules,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", readyFor(-time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 11 * time.Second},
		},
		"a pod that its kubelet calls ready in the future takes over at once without a min-ready": {
			rules:      sticky,
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", readyFor(-time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeGoing, Successor: "a"},
		},
	})
}

func TestNotReadyGrace(t *testing.T) {
	rules := Rules{Sticky: true, NotReadyGrace: 5 * time.Second}
	runDecide(t, map[string]decideCase{
		"a lost readiness is tolerated within the grace": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(2*time.Second)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 3 * time.Second},
		},
		"a lost readiness is tolerated within the grace if nobody could follow": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(2*time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, RequeueAfter: 3 * time.Second},
		},
		"the grace ends": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(5*time.Second)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"a pod that is not ready never becomes leader by the grace": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(time.Second))},
			want:       outcome{Reason: ReasonNoCandidate},
		},
		"a terminating leader has no grace": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(time.Second), stopped), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderDeleted},
		},
		"a leader without an address has no grace": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(time.Second), broken), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderUnfit},
		},
		"a leader within the grace that is announced to go hands over": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(time.Second), announced(AnnouncedNode)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonNodeGoing},
		},
		"a kubelet's clock that is a little ahead makes the grace longer": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(-time.Second)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 6 * time.Second},
		},
		"a kubelet's clock that is far ahead is ignored": {
			rules:      rules,
			candidates: []Candidate{pod("a", notReadyFor(-time.Hour)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
		"a leader that never had a Ready condition has no grace": {
			rules:      rules,
			candidates: []Candidate{pod("a", func(c *Candidate) { c.Ready, c.ReadySince = false, time.Time{} }), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "b", Ready: true, Move: true, Reason: ReasonLeaderNotReady},
		},
	})
}
