package report

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

	"github.com/tanist-dev/tanist/bench/traffic"
)

var update = flag.Bool("update", false, "write golden files")

// testReport is a small report with everything in it.
func testReport() *Report {
	row := func(mode Mode, who Who, latencies ...float64) Row {
		row := Row{Mode: mode, Who: who}
		for i, latency := range latencies {
			row.Samples = append(row.Samples, Sample{Number: i + 1, LatencyMs: latency, Moves: 1, From: "a", To: "b"})
		}
		return row
	}
	began := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	report := &Report{
		Started: began, Finished: began.Add(time.Minute),
		Environment: Environment{
			ServerVersion: "v1.37.2", BenchVersion: "v0.1.0", Host: "linux/amd64, 2 CPUs", APIRoundTripMs: 0.8,
			Nodes: []Node{{Name: "node-1", Ready: true, CPUs: "2", Memory: "8Gi", KubeletVersion: "v1.37.2"}},
		},
		Target:   Target{Namespace: "shop", Service: "web", LeaderService: "web-leader", Pods: 3, OwnWorkload: true},
		Settings: Settings{Failovers: 6, Modes: []Mode{ModeDelete, ModeEvict}, Floor: true, TimeoutMs: 30000, Services: 1},
		Rows: []Row{
			row(ModeDelete, WhoTanist, 26, 24, 30, 121.5, 25, 28), row(ModeDelete, WhoFloor, 20, 21, 22, 40),
			row(ModeEvict, WhoTanist, 27.04), row(ModeEvict, WhoFloor),
		},
		Notes: []string{"the <floor> is far away"},
	}
	report.Rows[0].Traffic = &traffic.Totals{OK: 23833, Failed: 5, LongestGapMs: 812.4, SlowestMs: 96.2}
	report.Complete()
	return report
}

func TestComplete(t *testing.T) {
	got := Row{Samples: []Sample{
		{LatencyMs: 10},
		{LatencyMs: 30000, Missed: true},
		{Missed: true, Error: "failed to delete pod"},
	}}
	got.complete()
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
	endsAtOnce := func(mode Mode, seen *traffic.Totals) Row {
		return Row{Mode: mode, Who: WhoTanist, Traffic: seen, Samples: []Sample{
			{Moves: 1, EndsAtOnce: true}, {Moves: 1, EndsAtOnce: true}, {Moves: 1},
		}}
	}
	report := &Report{Rows: []Row{
		{Mode: ModeDelete, Who: WhoTanist, Samples: []Sample{
			{Moves: 1}, {Moves: 3}, {Missed: true, LatencyMs: 30000}, {Missed: true, Error: "first"}, {Missed: true, Error: "second"},
		}},
		endsAtOnce(ModeEvict, &traffic.Totals{}), endsAtOnce(ModeEvict, nil), endsAtOnce(ModeForce, &traffic.Totals{}),
	}}
	report.Complete()
	want := []string{
		"delete, tanist: the leader moved more than once in 1 of 5 failovers",
		"delete, tanist: 2 of 5 failovers could not be measured, the last: second",
		"delete, tanist: no other pod led in time in 1 of 5 failovers; the statistics contain the timeout for them",
		"evict, tanist: 2 of 3 leaders had no drain window and stopped serving at once: requests fail until kube-proxy has followed",
	}
	if diff := cmp.Diff(want, report.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestWriteTable(t *testing.T) {
	var got bytes.Buffer
	if err := testReport().WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	wantGolden(t, "table.txt", got.String())
}

// wantGolden compares what was written with a file in testdata.
func wantGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update writes it:\n%s", name, diff)
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
	if diff := cmp.Diff(want, &got, cmpopts.EquateEmpty()); diff != "" {
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
		"<td>zen-lead, published</td>":  1,
		"<td>1.24</td>":                 1,
		"the &lt;floor&gt; is far away": 1,
		"node-1":                        1,
		"<script":                       0,
		"NaN":                           0,
	}
	for part, want := range wants {
		if got := strings.Count(page, part); got != want {
			t.Errorf("%q occurs %d times, want %d", part, got, want)
		}
	}
	wantGolden(t, "page.html", page)
	loads := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?https?:`)
	if found := loads.FindString(page); found != "" {
		t.Errorf("the page loads something from elsewhere: %s", found)
	}
}

// TestAllPlotsHaveOneScale: a unit of coordinates is as large in each plot, and type with it. The columns of a grid are equally wide, so what
// does not fit is made smaller alike.
func TestAllPlotsHaveOneScale(t *testing.T) {
	var text bytes.Buffer
	if err := testReport().WriteHTML(&text); err != nil {
		t.Fatal(err)
	}
	page := text.String()
	drawings := regexp.MustCompile(`<svg[^>]*>`).FindAllString(page, -1)
	if len(drawings) != 5 {
		t.Fatalf("%d plots, want 5", len(drawings))
	}
	for i, drawing := range drawings {
		if want := `viewBox="0 0 600 300" width="600" height="300"`; !strings.Contains(drawing, want) {
			t.Errorf("plot %d is %s, want %s", i+1, drawing, want)
		}
	}
	for _, rule := range []string{".plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr));", "svg { max-width: 100%; height: auto; }"} {
		if !strings.Contains(page, rule) {
			t.Errorf("the page does not have the rule %q", rule)
		}
	}
}

func TestWriteHTMLWithoutAnySample(t *testing.T) {
	report := testReport()
	report.Rows = []Row{{Mode: ModeDelete, Who: WhoTanist, Samples: []Sample{{Missed: true, Error: "refused"}}}}
	report.Complete()
	var page bytes.Buffer
	if err := report.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<svg") || strings.Contains(page.String(), "NaN") {
		t.Error("there is a plot of nothing")
	}
}
