package election

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLossesOnly(t *testing.T) {
	only := Rules{Sticky: true, LossesOnly: true}
	runDecide(t, map[string]decideCase{
		"an announced leader stays, and its successor is known": {
			rules:      only,
			candidates: []Candidate{pod("a", announced(AnnouncedDisruption)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a leader that a rollout replaces stays": {
			rules:      only,
			candidates: []Candidate{pod("a", outdated), pod("b", outdated, aged(time.Hour)), pod("c", current)},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "c"},
		},
		"the preferred pod does not take over": {
			rules:      Rules{Sticky: true, Preferred: "b", LossesOnly: true},
			candidates: []Candidate{pod("a"), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a better candidate does not take over from a leader that is not sticky": {
			rules:      Rules{LossesOnly: true},
			candidates: []Candidate{pod("a"), pod("b", aged(time.Hour))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"a pod that would challenge the leader later is not waited for": {
			rules:      Rules{Sticky: true, MinReady: 10 * time.Second, Preferred: "b", LossesOnly: true},
			candidates: []Candidate{pod("a", announced(AnnouncedNode)), pod("b", readyFor(time.Second))},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b"},
		},
		"the end of a grace is waited for": {
			rules:      Rules{Sticky: true, NotReadyGrace: 5 * time.Second, LossesOnly: true},
			candidates: []Candidate{pod("a", notReadyFor(2*time.Second)), pod("b")},
			incumbent:  led("a"),
			want:       outcome{Leader: "a", Ready: true, Successor: "b", RequeueAfter: 3 * time.Second},
		},
		"a deleted leader is followed by the preferred pod": {
			rules:      Rules{Sticky: true, Preferred: "c", LossesOnly: true},
			candidates: []Candidate{pod("a", draining), pod("b"), pod("c")},
			incumbent:  led("a"),
			want:       outcome{Leader: "c", Ready: true, Move: true, Reason: ReasonLeaderDeleted, Successor: "b"},
		},
		"a Service without a leader gets one": {
			rules:      only,
			candidates: []Candidate{pod("a")},
			want:       outcome{Leader: "a", Ready: true, Move: true, Reason: ReasonFirstLeader},
		},
	})
}

func TestWhichReasonsAreLosses(t *testing.T) {
	var losses []Reason
	for _, reason := range append(Reasons(), ReasonLastResort) {
		if reason.Loss() {
			losses = append(losses, reason)
		}
	}
	want := []Reason{
		ReasonFirstLeader, ReasonLeaderGone, ReasonLeaderDeleted, ReasonLeaderNotReady, ReasonLeaderUnfit, ReasonLeaseHolder,
		ReasonNodeLost, ReasonLeaderFrozen, ReasonLeaderCrashed, ReasonNoCandidate, ReasonLastResort,
	}
	if diff := cmp.Diff(want, losses); diff != "" {
		t.Errorf("unexpected losses (-want +got):\n%s", diff)
	}
	if Reason("").Loss() {
		t.Error("no reason is a loss")
	}
}

func TestAfterWhichMovesTheOldLeaderStays(t *testing.T) {
	var stays []Reason
	for _, reason := range append(Reasons(), ReasonLastResort, "") {
		if reason.OldLeaderStays() {
			stays = append(stays, reason)
		}
	}
	want := []Reason{
		ReasonLeaseHolder, ReasonNodeGoing, ReasonRollout, ReasonScaleDown, ReasonRunsToCompletion, ReasonLeaderIncomplete, ReasonLeaderExcluded,
		ReasonPreferred, ReasonBetterCandidate,
	}
	if diff := cmp.Diff(want, stays); diff != "" {
		t.Errorf("unexpected reasons (-want +got):\n%s", diff)
	}
}
