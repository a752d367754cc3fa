package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write golden files")

// testReport is a small report with everything in it.
func testReport() *Report {
	row := func(mode Mode, who Who, latencies ...float64) Row {
		row := Row{Mode: mode, Who: who}
		for i, latency := range latencies {
			row.Samples = append(row.Samples, Sample{Number: i + 1, LatencyMs: latency, Moves: 1, From: "a", To: "b"})
		}
		return finishRow(row)
	}
	began := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	report := &Report{
		Started: began, Finished: began.Add(time.Minute),
		Environment: Environment{
			ServerVersion: "v1.37.2", BenchVersion: "v0.1.0", Host: "linux/amd64, 2 CPUs", APIRoundTripMs: 0.8,
			Nodes: []Node{{Name: "node-1", Ready: true, CPUs: "2", Memory: "8Gi", KubeletVersion: "v1.37.2"}},
		},
		Target:   Target{Namespace: "shop", Service: "web", LeaderService: "web-leader", Pods: 3},
		Settings: Settings{Failovers: 4, Modes: []Mode{ModeDelete, ModeEvict}, Floor: true, TimeoutMs: 30000, Services: 1},
		Rows: []Row{
			row(ModeDelete, WhoTanist, 26, 24, 30, 121.5), row(ModeDelete, WhoFloor, 20, 21, 22, 40),
			row(ModeEvict, WhoTanist, 27.04), row(ModeEvict, WhoFloor),
		},
		Published: published(),
		Notes:     []string{"the <floor> is far away"},
	}
	report.Rows[0].Traffic = &Traffic{OK: 23833, Failed: 5, LongestGapMs: 812.4}
	compare(report.Rows)
	return report
}

func TestFinishRow(t *testing.T) {
	got := finishRow(Row{Samples: []Sample{
		{LatencyMs: 10},
		{LatencyMs: 30000, Missed: true},
		{Missed: true, Error: "failed to delete pod"},
	}})
	if got.Measured != 2 || got.Missed != 2 || *got.MaxMs != 30000 || *got.MinMs != 10 {
		t.Errorf("measured %d, missed %d, min %v, max %v, want 2, 2, 10 and the timeout of 30000",
			got.Measured, got.Missed, *got.MinMs, *got.MaxMs)
	}
}

func TestCompareIsWithinAMode(t *testing.T) {
	rows := testReport().Rows
	want := []*float64{new(26.0 / 21), nil, nil, nil}
	for i, row := range rows {
		if diff := cmp.Diff(want[i], row.RatioP50, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s, %s: ratio (-want +got):\n%s", row.Mode, row.Who, diff)
		}
	}
}

func TestNotes(t *testing.T) {
	rows := []Row{finishRow(Row{Mode: ModeDelete, Who: WhoTanist, Samples: []Sample{
		{Moves: 1}, {Moves: 3}, {Missed: true, LatencyMs: 30000}, {Missed: true, Error: "first"}, {Missed: true, Error: "second"},
	}})}
	graceless := func(mode Mode, traffic *Traffic) Row {
		return finishRow(Row{Mode: mode, Who: WhoTanist, Traffic: traffic, Samples: []Sample{
			{Moves: 1, EndsAtOnce: true}, {Moves: 1, EndsAtOnce: true}, {Moves: 1},
		}})
	}
	rows = append(rows, graceless(ModeEvict, &Traffic{}), graceless(ModeEvict, nil), graceless(ModeForce, &Traffic{}))
	want := []string{
		"delete, tanist: the leader moved more than once in 1 of 5 failovers",
		"delete, tanist: 2 of 5 failovers could not be measured, the last: second",
		"delete, tanist: nobody took over in time in 1 of 5 failovers; the statistics have the timeout for them",
		"evict, tanist: 2 of 3 leaders had no drain window and stopped serving at once: requests fail until kube-proxy has followed",
	}
	if diff := cmp.Diff(want, notes(rows)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestWriteTable(t *testing.T) {
	var got bytes.Buffer
	if err := testReport().WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "table.txt")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("table (-want +got), -update writes it:\n%s", diff)
	}
}

func TestWriteJSONKeepsEverything(t *testing.T) {
	want := testReport()
	var text bytes.Buffer
	if err := want.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var got Report
	decoder := json.NewDecoder(&text)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreUnexported(Environment{}, Target{})
	if diff := cmp.Diff(want, &got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("report after JSON (-want +got):\n%s", diff)
	}
}

func TestWriteHTML(t *testing.T) {
	var text bytes.Buffer
	if err := testReport().WriteHTML(&text); err != nil {
		t.Fatal(err)
	}
	page := text.String()
	wants := map[string]int{
		"<svg":                          5, // All rows, and two for each mode.
		"<td>starting point</td>":       1,
		"<td>1.24</td>":                 1,
		"the &lt;floor&gt; is far away": 1,
		"node-1":                        1,
		"<?xml":                         0,
		"<script":                       0,
		"NaN":                           0,
	}
	for part, want := range wants {
		if got := strings.Count(page, part); got != want {
			t.Errorf("%q occurs %d times, want %d", part, got, want)
		}
	}
	loads := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?https?:`)
	if found := loads.FindString(page); found != "" {
		t.Errorf("the page loads something from elsewhere: %s", found)
	}
}

func TestWriteHTMLWithoutAnySample(t *testing.T) {
	report := testReport()
	report.Rows = []Row{finishRow(Row{Mode: ModeDelete, Who: WhoTanist, Samples: []Sample{{Missed: true, Error: "refused"}}})}
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<svg") || strings.Contains(page.String(), "NaN") {
		t.Error("there is a plot of nothing")
	}
}

func TestDecades(t *testing.T) {
	var got []string
	for _, tick := range (decades{}).Ticks(8, 1200) {
		got = append(got, tick.Label)
	}
	if diff := cmp.Diff([]string{"10", "20", "50", "100", "200", "500", "1000"}, got); diff != "" {
		t.Errorf("ticks (-want +got):\n%s", diff)
	}
}

func TestDistribution(t *testing.T) {
	var got [][2]float64
	for _, step := range distribution([]float64{30, 10, -1}) {
		got = append(got, [2]float64{step.X, step.Y})
	}
	want := [][2]float64{{minPlotMs, 0}, {minPlotMs, 1.0 / 3}, {10, 2.0 / 3}, {30, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
