//go:build bench

package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"strconv"
	"testing"
	"time"

	benchreport "github.com/tanist-dev/tanist/bench/report"
)

var (
	failovers = flag.Int("failovers", 50, "how many hand-overs are measured in each way")
	modes     = flag.String("modes", "delete,evict", "the ways, as kubectl tanist bench names them")
)

// untilKnown is how long the test waits for the API server to learn of changed webhook configurations.
const untilKnown = 2 * time.Second

// TestAdmissionHandover measures hand-overs with admission, without it, and with what it prepares committed at once, each beside the floor
// of the same run.
func TestAdmissionHandover(t *testing.T) {
	i := installation{t: t, client: dial(t)}
	ways := []struct {
		name  string
		enter func() (leave func())
	}{
		{"admission", func() func() { return func() {} }},
		{"no webhook configurations", i.withoutWebhooks},
		{"admission, `commit.onAdmission`", func() func() { return i.tuned("commit: {onAdmission: true}\n") }},
	}
	fmt.Fprintf(t.Output(), "\n| | | p50 | floor | | p99 | floor | | missed | moved more than once | prepared, of all hand-overs of the run |\n"+
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, way := range ways {
		leave := way.enter()
		i.must(pause(t.Context(), untilKnown))
		before := i.counts("tanist_handovers_total", "path")
		measured := i.bench()
		after := i.counts("tanist_handovers_total", "path")
		leave()

		all := 0.0
		for path := range after {
			all += after[path] - before[path]
		}
		used := fmt.Sprintf("%.0f of %.0f", after["prepared"]-before["prepared"], all)
		for _, row := range measured.Rows {
			if row.Who == benchreport.WhoTanist {
				fmt.Fprintf(t.Output(), "| %s | %s | %s | %s |\n", way.name, row.Mode, besideFloor(row, measured.Rows), used)
			}
		}
		for _, note := range measured.Notes {
			fmt.Fprintf(t.Output(), "%s: %s\n", way.name, note)
		}
	}
}

// bench runs kubectl tanist bench.
func (i installation) bench() benchreport.Report {
	i.t.Helper()
	cmd := exec.CommandContext(i.t.Context(), "kubectl", "tanist", "bench", "--mode", *modes,
		"--failovers", strconv.Itoa(*failovers), "--floor", "--output", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		i.t.Fatalf("kubectl tanist bench: %v\n%s", err, stderr.Bytes())
	}
	var measured benchreport.Report
	i.must(json.Unmarshal(out, &measured))
	return measured
}

// besideFloor are a row's figures and the floor's.
func besideFloor(row benchreport.Row, rows []benchreport.Row) string {
	var floor benchreport.Row
	for _, other := range rows {
		if other.Who == benchreport.WhoFloor && other.Mode == row.Mode {
			floor = other
		}
	}
	number := func(format string, value *float64) string {
		if value == nil {
			return "-"
		}
		return fmt.Sprintf(format, *value)
	}
	moved := 0
	for _, sample := range row.Samples {
		if sample.Moves > 1 {
			moved++
		}
	}
	return fmt.Sprintf("%s | %s | %s | %s | %s | %s | %d | %d",
		number("%.1f ms", row.P50Ms), number("%.1f ms", floor.P50Ms), number("%.2f", row.RatioP50),
		number("%.1f ms", row.P99Ms), number("%.1f ms", floor.P99Ms), number("%.2f", row.RatioP99), row.Missed, moved)
}
