package loss

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// of is a trial of Service web with moves for these reasons, 10 ms apart.
func of(first float64, reasons ...string) trial {
	one := trial{Case: "crash", Round: 1, Service: "web", FloorMs: 5}
	for i, reason := range reasons {
		one.Moves = append(one.Moves, moved{AfterMs: first + float64(10*i), Reason: reason})
	}
	return one
}

func TestProblems(t *testing.T) {
	late := of(30, "LeaderCrashed")
	late.LastedMs = 600
	failed := of(0)
	failed.Traffic = traffic.Totals{OK: 10, Failed: 2}
	doubled := of(30, "LeaderCrashed")
	doubled.Wrong = []string{"web has 2 ready endpoints"}
	cases := map[string]struct {
		want   expectation
		trials []trial
		said   []string
	}{
		"one move, in time, for the reason": {
			want:   expectation{fewest: 1, most: 1, reason: "LeaderCrashed", overFloor: 30 * time.Millisecond, longest: 40 * time.Millisecond},
			trials: []trial{of(30, "LeaderCrashed")},
		},
		"no move where one must be": {
			want: expectation{fewest: 1, most: 1}, trials: []trial{of(0)},
			said: []string{"round 1, web: the leader moved 0 times, want 1"},
		},
		"a move back": {
			want: expectation{fewest: 1, most: 1}, trials: []trial{of(30, "LeaderCrashed", "BetterCandidate")},
			said: []string{"round 1, web: the leader moved 2 times, want 1"},
		},
		"one move or none are both right": {
			want: expectation{most: 1, reason: "NodeLost"}, trials: []trial{of(0), of(1200, "NodeLost")},
		},
		"a move where none may be": {
			trials: []trial{of(0), of(30, "NodeLost")}, said: []string{"round 1, web: the leader moved 1 times, want 0"},
		},
		"another reason": {
			want: expectation{fewest: 1, most: 1, reason: "LeaderCrashed"}, trials: []trial{of(700, "LeaderNotReady")},
			said: []string{"round 1, web: the leader moved because of LeaderNotReady, want LeaderCrashed"},
		},
		"moves that take too long": {
			want: expectation{
				fewest: 1, most: 1, p50: 20 * time.Millisecond, p95: 80 * time.Millisecond, longest: 100 * time.Millisecond,
				overFloor: 10 * time.Millisecond,
			},
			trials: []trial{of(10, "NodeLost"), of(30, "NodeLost"), of(200, "NodeLost")},
			said: []string{
				"the median of the times until the first move is 30 ms, want at most 20 ms",
				"the 95th percentile of the times until the first move is 200 ms, want at most 80 ms",
				"the longest of the times until the first move is 200 ms, want at most 100 ms",
				"the median beside the floor's of the times until the first move is 30 ms, want at most 15 ms",
			},
		},
		"a fault that lasted longer than it should is not judged": {
			want: expectation{lasts: 500 * time.Millisecond}, trials: []trial{late},
		},
		"a fault that lasted a little longer is": {
			want: expectation{lasts: 580 * time.Millisecond}, trials: []trial{late},
			said: []string{"round 1, web: the leader moved 1 times, want 0"},
		},
		"failed requests matter only where none may fail": {
			trials: []trial{failed},
		},
		"a failed request where none may fail": {
			want: expectation{lossless: true}, trials: []trial{failed}, said: []string{"round 1, web: 2 requests failed, want none"},
		},
		"what must never be": {
			want: expectation{fewest: 1, most: 1}, trials: []trial{doubled}, said: []string{"round 1, web: web has 2 ready endpoints"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.said, test.want.problems(test.trials)); diff != "" {
				t.Errorf("unexpected problems (-want +got):\n%s", diff)
			}
		})
	}
}
