package failover

import (
	"testing"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

func TestACommitWritesTheMoveWithTheLeader(t *testing.T) {
	f := newLeaseHolder(t)
	f.deleteLeader()
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	moves, _ := leaderslice.ParseHistory(f.slice().Annotations)
	if len(moves) != 1 || moves[0].From != "a1" || moves[0].To != "b2" || moves[0].Reason != string(election.ReasonLeaderDeleted) || moves[0].Took == "" {
		t.Errorf("the history is %+v", moves)
	}
	if got := f.writes.Load(); got != 1 {
		t.Errorf("%d writes, want one", got)
	}
}
