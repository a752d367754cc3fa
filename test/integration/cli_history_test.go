//go:build integration

package integration_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	clihistory "github.com/tanist-dev/tanist/cmd/kubectl-tanist/history"
	"github.com/tanist-dev/tanist/config"
)

func newHistory(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return clihistory.NewCommand(k, streams)
}

// moves returns what history says of Service web: each move without its times, and the notes.
func (k kubectl) moves(t *testing.T) (moves []leaderMove, notes []string) {
	t.Helper()
	out, stderr, err := k.run(t, newHistory, "web", "-o", "json")
	if err != nil {
		t.Fatalf("history failed: %v\n%s", err, stderr)
	}
	var h clihistory.History
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		t.Fatalf("history printed what is no history: %v\n%s", err, out)
	}
	for _, move := range h.Moves {
		if move.At.IsZero() {
			t.Errorf("a move has no time: %+v", move)
		}
		moves = append(moves, leaderMove{move.From, move.To, move.Term, move.Reason, move.By, move.Took != ""})
	}
	return moves, h.Notes
}

// leaderMove is a move in the history, without its times. took says whether it is known how long it took.
type leaderMove struct {
	From, To   string
	Term       int64
	Reason, By string
	Took       bool
}

func TestHistoryShowsTheLastMoves(t *testing.T) {
	installation := newInstalled(t)
	replica := installation.serve()
	replica.waitElected()
	installation.call(replica)
	s, first := pair(t)
	s.withReadyPod("web", "c")
	s.follows("web-leader", "a", "b")
	admin := kubectl{namespace: s.namespace}
	me, err := clientset.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}

	if _, stderr, err := admin.run(t, newHandover, "web"); err != nil {
		t.Fatalf("handover failed: %v\n%s", err, stderr)
	}
	second := s.leads("web", "b")
	s.prefers("web", "")
	s.notReady("b")
	third := s.leads("web", "a")
	installation.settled(replica)
	s.terminate("a")
	fourth := s.leads("web", "c")

	s.bindRole("viewer", "system:aggregate-to-view") // the role that the role view is made of
	moves, notes := kubectl{namespace: s.namespace, user: "viewer"}.moves(t)
	want := []leaderMove{
		{To: "a", Term: first.Term, Reason: "FirstLeader", Took: true},
		{From: "a", To: "b", Term: second.Term, Reason: "Preferred", By: "tanist-plugin", Took: true},
		{From: "b", To: "a", Term: third.Term, Reason: "LeaderNotReady", Took: true},
		{From: "a", To: "c", Term: fourth.Term, Reason: "LeaderDeleted", By: me.Status.UserInfo.Username, Took: true},
	}
	if len(moves) > 0 {
		moves[0].Took = true // not if the first pod was ready before the Service was decided, so that no event but a timer made it lead
	}
	if diff := cmp.Diff(want, moves); diff != "" || len(notes) > 0 {
		t.Errorf("unexpected moves (-want +got):\n%s\nnotes: %v", diff, notes)
	}
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4"); got > 4+1 { // and one when it was made, before the first pod
		t.Errorf("the slice has %d versions, want one for each leader", got)
	}
	out, stderr, err := admin.run(t, newHistory, "web-leader")
	if err != nil || stderr != "" || len(strings.Split(out, "\n")) != 1+len(want)+1 || !strings.HasPrefix(out, "TIME ") {
		t.Errorf("history of the leader Service is %v\n%s%s", err, out, stderr)
	}
	if _, _, err := admin.run(t, newHistory, "nothing"); err == nil || err.Error() != `services "nothing" not found` {
		t.Errorf("got %v", err)
	}

	// Nobody repairs a damaged history, and the next move replaces it.
	s.follows("web-leader", "c", "") // the last write of the leader Service
	s.mirrored("web-leader", fourth)
	s.patchSlice("web-leader-ipv4", `{"metadata":{"annotations":{"`+config.HistoryKey+`":"damaged"}}}`)
	s.staysQuiet("web", fourth)
	if moves, notes = admin.moves(t); len(moves) > 0 || len(notes) != 1 || !strings.Contains(notes[0], "is damaged") {
		t.Errorf("a damaged history is %+v, notes %v", moves, notes)
	}
	s.readyAgain("b")
	s.kill("c")
	fifth := s.leads("web", "b")
	if moves, notes = admin.moves(t); len(moves) == 0 || moves[len(moves)-1].To != "b" || moves[len(moves)-1].Term != fifth.Term || len(notes) > 0 {
		t.Errorf("after damage, the history is %+v, notes %v", moves, notes)
	}
}
