package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

func TestKindOf(t *testing.T) {
	want := map[election.Reason]MoveKind{
		election.ReasonFirstLeader:      First,
		election.ReasonLeaderGone:       Unplanned,
		election.ReasonLeaderDeleted:    Planned,
		election.ReasonLeaderNotReady:   Unplanned,
		election.ReasonLeaderUnfit:      Unplanned,
		election.ReasonNodeLost:         Unplanned,
		election.ReasonLeaderFrozen:     Unplanned,
		election.ReasonLeaderCrashed:    Unplanned,
		election.ReasonLeaderDisrupted:  Planned,
		election.ReasonNodeGoing:        Planned,
		election.ReasonRollout:          Planned,
		election.ReasonScaleDown:        Planned,
		election.ReasonRunsToCompletion: Planned,
		election.ReasonLeaderIncomplete: Planned,
		election.ReasonLeaderExcluded:   Planned,
		election.ReasonPreferred:        Planned,
		election.ReasonBetterCandidate:  Planned,
		election.ReasonLeaseHolder:      Elected,
		election.ReasonNoCandidate:      NoLeader,
	}
	got := map[election.Reason]MoveKind{}
	for _, reason := range election.Reasons() {
		got[reason] = KindOf(leaderslice.Move{To: "a", Reason: string(reason)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected kinds (-want +got):\n%s", diff)
	}
	if got := KindOf(leaderslice.Move{From: "a", Reason: string(election.ReasonLeaderDeleted)}); got != NoLeader {
		t.Errorf("a move to nobody is %s", got)
	}
	if got := KindOf(leaderslice.Move{To: "a", Reason: "OfAnotherVersion"}); got != Unknown {
		t.Errorf("a move with an unknown reason is %s", got)
	}
}
