package disruptions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/bench/traffic"
)

func TestCost(t *testing.T) {
	var got cost
	got.add([]traffic.Window{
		{Fresh: traffic.Count{OK: 3, LongestGapMs: 20}, Kept: traffic.Count{OK: 2, Failed: 1, LongestGapMs: 70}, Errors: map[string]int64{"reset": 1}},
		{Fresh: traffic.Count{OK: 1, Failed: 2, LongestGapMs: 10}, Kept: traffic.Count{OK: 1}, Errors: map[string]int64{"reset": 1, "refused": 1}},
	})
	want := cost{
		Requests: 10, Failed: 3, LongestGapMs: 70,
		Fresh: traffic.Count{OK: 4, Failed: 2, LongestGapMs: 20}, Kept: traffic.Count{OK: 3, Failed: 1, LongestGapMs: 70},
		Errors: map[string]int64{"reset": 2, "refused": 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected cost (-want +got):\n%s", diff)
	}
	if kinds := got.errorKinds(); kinds != "1 refused, 2 reset" {
		t.Errorf("got error kinds %q", kinds)
	}
}

func TestTable(t *testing.T) {
	t.Setenv("DISRUPTION_OUT", filepath.Join(t.TempDir(), "out.jsonl"))
	var all outcomes
	for _, one := range []outcome{
		{Case: "web delete", Settings: "on", cost: cost{Requests: 100, LongestGapMs: 20}, Moves: []int{1}},
		{Case: "web delete", Settings: "on", cost: cost{Requests: 50, Failed: 2, LongestGapMs: 30, Errors: map[string]int64{"reset": 2}}, Moves: []int{2}},
		{Case: "web delete", Settings: "off", cost: cost{Requests: 10}, Moves: []int{1, 1}},
	} {
		if err := all.add(one); err != nil {
			t.Fatal(err)
		}
	}
	var rows []string
	for line := range strings.Lines(all.table()) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"| web delete | on | 2 | 150 | 2 | 1 | 30 ms | 1 (1 times), 2 (1 times) | 2 reset |",
		"| web delete | off | 1 | 10 | 0 | 0 | 0 ms | 1 | |",
	}
	if diff := cmp.Diff(want, rows[2:]); diff != "" {
		t.Errorf("unexpected rows (-want +got):\n%s", diff)
	}
	lines, err := os.ReadFile(os.Getenv("DISRUPTION_OUT"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(lines), "\n"); got != 3 {
		t.Errorf("the file has %d lines, want one for each outcome", got)
	}
	if want := `{"case":"web delete","settings":"off","round":0,"requests":10,`; !strings.Contains(string(lines), want) {
		t.Errorf("the file has no line that begins with %s:\n%s", want, lines)
	}
}
