package page

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// minutes returns a time before gen.T0.
func minutes(before float64) time.Time {
	return gen.T0.Add(-time.Duration(before * float64(time.Minute)))
}

func ago(before float64) *time.Time { return new(minutes(before)) }

// moved is a change of leader some minutes ago.
func moved(before float64, from, to, reason string) leaderslice.Move {
	return leaderslice.Move{At: minutes(before), From: from, To: to, Term: int64(1000 - before), Reason: reason}
}

func TestBands(t *testing.T) {
	for name, test := range map[string]struct {
		moves []leaderslice.Move
		want  []Band
	}{
		"nobody has ever led":        {want: []Band{}},
		"one leader since long":      {[]leaderslice.Move{moved(60, "", "a", "FirstLeader")}, []Band{{Pod: "a", From: ago(60)}}},
		"the beginning is not known": {[]leaderslice.Move{moved(3, "a", "b", "Rollout")}, []Band{{Pod: "a", To: ago(3)}, {Pod: "b", From: ago(3)}}},
		"a time without a leader": {
			[]leaderslice.Move{moved(5, "", "a", "FirstLeader"), moved(4, "a", "", "NoCandidate"), moved(3, "", "b", "FirstLeader")},
			[]Band{{Pod: "a", From: ago(5), To: ago(4)}, {From: ago(4), To: ago(3)}, {Pod: "b", From: ago(3)}},
		},
		"what ended before the window": {
			[]leaderslice.Move{moved(30, "x", "a", "Rollout"), moved(20, "a", "b", "Rollout"), moved(1, "b", "c", "Rollout")},
			[]Band{{Pod: "b", From: ago(20), To: ago(1)}, {Pod: "c", From: ago(1)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, bandsOf(test.moves, minutes(10))); diff != "" {
				t.Errorf("unexpected bands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMoveThatTheHistoryLacks(t *testing.T) {
	recorded := []leaderslice.Move{moved(5, "", "a", "FirstLeader")}
	present := status.Leader{Leader: &status.Pod{Name: "b"}, Term: 999, Since: ago(1), Reason: "LeaderGone"}
	for name, test := range map[string]struct {
		leader status.Leader
		moves  []leaderslice.Move
		want   []leaderslice.Move
	}{
		"nobody has ever led":       {},
		"the history is up to date": {status.Leader{Term: 995, Since: ago(5)}, recorded, recorded},
		"the latest move is missing": {present, recorded, []leaderslice.Move{
			recorded[0], {At: minutes(1), From: "a", To: "b", Term: 999, Reason: "LeaderGone"},
		}},
		"there is no history":     {present, nil, []leaderslice.Move{{At: minutes(1), To: "b", Term: 999, Reason: "LeaderGone"}}},
		"nobody leads any longer": {status.Leader{Term: 999, Since: ago(1), Reason: "NoCandidate"}, nil, []leaderslice.Move{{At: minutes(1), Term: 999, Reason: "NoCandidate"}}},
		"since when is not known": {status.Leader{Term: 999}, recorded, recorded},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, complete(test.leader, test.moves)); diff != "" {
				t.Errorf("unexpected moves (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhetherAPodLed(t *testing.T) {
	bands := []Band{{Pod: "a", To: ago(5)}, {Pod: "b", From: ago(5), To: ago(4)}, {Pod: "c", From: ago(4)}}
	for name, test := range map[string]struct {
		pod  string
		at   time.Time
		want bool
	}{
		"at a time whose beginning is not known": {"a", minutes(100), true},
		"when its term ended":                    {"a", minutes(5), true},
		"after its term":                         {"a", minutes(4.9), false},
		"within its term":                        {"b", minutes(4.5), true},
		"in the second before it led":            {"b", minutes(5).Add(-999 * time.Millisecond), true},
		"before it led":                          {"b", minutes(5).Add(-2 * time.Second), false},
		"until now":                              {"c", gen.T0, true},
		"a pod that never led":                   {"d", gen.T0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ledAt(bands, test.pod, test.at); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
