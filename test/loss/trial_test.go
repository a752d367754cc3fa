package loss

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/test/leaders"
)

func TestPercentile(t *testing.T) {
	cases := map[string]struct {
		values []float64
		p      int
		want   float64
	}{
		"no values":                        {nil, 50, 0},
		"one value is every percentile":    {[]float64{7}, 5, 7},
		"the median of an odd number":      {[]float64{3, 1, 2}, 50, 2},
		"the median of an even number":     {[]float64{4, 1, 3, 2}, 50, 2},
		"the 95th of twenty leaves one":    {[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, 95, 19},
		"the 95th of a few is the longest": {[]float64{1, 2, 3}, 95, 3},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := percentile(test.values, test.p); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestATrialHasTheMovesOfItsService(t *testing.T) {
	began := time.Now()
	one := trial{Service: "web", Began: began}
	one.add([]leaders.Move{
		{At: began.Add(20 * time.Millisecond), Service: "web", Term: 2, Leader: "b", Reason: "LeaderCrashed"},
		{At: began.Add(21 * time.Millisecond), Service: "other", Term: 5, Leader: "b", Reason: "LeaderCrashed"},
	})
	if diff := cmp.Diff([]moved{{AfterMs: 20, Reason: "LeaderCrashed", Leader: "b", Term: 2}}, one.Moves); diff != "" {
		t.Errorf("unexpected moves (-want +got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	t.Setenv("LOSS_OUT", filepath.Join(t.TempDir(), "out.jsonl"))
	again := of(30, "LeaderCrashed", "BetterCandidate")
	again.Traffic = traffic.Totals{OK: 98, Failed: 2, LongestGapMs: 41}
	late := of(1200, "NodeLost")
	late.LastedMs = 600
	rows := []row{
		{name: "crash", want: expectation{fewest: 1, most: 1}, trials: []trial{of(20, "LeaderCrashed"), of(40, "LeaderCrashed"), again}},
		{name: "cut-500ms", want: expectation{lasts: 500 * time.Millisecond}, trials: []trial{of(0), late}},
		{name: "deny-pod", trials: []trial{of(50, "NodeLost")}},
	}
	for _, r := range rows {
		for _, one := range r.trials {
			if err := one.write(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var lines []string
	for line := range strings.Lines(table(rows)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"| crash | 3 | 30 ms | 40 ms | 40 ms | 5.0 ms | 1 (2 times), 2 (1 times) | BetterCandidate (1 times), LeaderCrashed (3 times) | 2 of 100 | 41 ms | 1 |",
		"| cut-500ms | 2 (1 lasted too long) | 1200 ms | 1200 ms | 1200 ms | 5.0 ms | 0 (1 times), 1 (1 times) | NodeLost | 0 of 0 | 0 ms | 0 |",
		"| deny-pod | 1 | 50 ms | 50 ms | 50 ms | 5.0 ms | 1 | NodeLost | 0 of 0 | 0 ms | 1 |",
	}
	if diff := cmp.Diff(want, lines[2:]); diff != "" {
		t.Errorf("unexpected rows (-want +got):\n%s", diff)
	}
	written, err := os.ReadFile(os.Getenv("LOSS_OUT"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(written), "\n"); got != 6 {
		t.Errorf("the file has %d lines, want one for each trial", got)
	}
}
