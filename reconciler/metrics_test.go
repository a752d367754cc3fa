package reconciler

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	tuning := config.NewStore()
	m, err := newMetrics(registry, tuning)
	if err != nil {
		t.Fatal(err)
	}
	series := 3 * len(election.Reasons())
	for name, want := range map[string]int{
		"tanist_handovers_total": series, "tanist_handover_duration_seconds": series,
		"tanist_commit_conflicts_total": 1, "tanist_departures_unadmitted_total": 1, "tanist_tuning_stale": 1, "tanist_tuning_info": 1,
	} {
		if got, err := testutil.GatherAndCount(registry, name); err != nil || got != want {
			t.Errorf("%s starts with %d series (%v), want %d", name, got, err, want)
		}
	}

	m.handover("LeaderGone", pathBackup, 3*time.Millisecond)
	m.handover("LeaderGone", pathBackup, 0)
	m.conflicts.Inc()
	tune(tuning, "commit: {concurrency: 0}")
	if got := testutil.ToFloat64(m.handovers.WithLabelValues("LeaderGone", "backup")); got != 2 {
		t.Errorf("got %v hand-overs", got)
	}
	if got := testutil.ToFloat64(m.handovers.WithLabelValues("LeaderGone", "unprepared")); got != 0 {
		t.Errorf("got %v hand-overs of the other path", got)
	}
	if got := testutil.ToFloat64(m.conflicts); got != 1 {
		t.Errorf("got %v conflicts", got)
	}
	if got := testutil.ToFloat64(m.stale); got != 1 {
		t.Errorf("got %v for a stale tuning", got)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var observed uint64
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			observed += metric.GetHistogram().GetSampleCount()
		}
	}
	if observed != 1 {
		t.Errorf("%d durations were observed, want that of the hand-over with a cause", observed)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestMetricsAreRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := newMetrics(registry, config.NewStore()); err != nil {
		t.Fatal(err)
	}
	if _, err := newMetrics(registry, config.NewStore()); err == nil {
		t.Error("got no error the second time")
	}
}

func TestTheTuningInForceIsOneSeries(t *testing.T) {
	tuning := config.NewStore()
	info := tuningInfo{tuning}
	hashes := map[string]bool{}
	for _, content := range []string{"", "commit: {concurrency: 3}", "commit: {concurrency: 3} # three", "commit: {concurrency: 4}"} {
		tune(tuning, content)
		hash := tuning.Load().Hash()
		hashes[hash] = true
		want := `# HELP tanist_tuning_info Always 1; hash names the tuning in force.
# TYPE tanist_tuning_info gauge
tanist_tuning_info{hash="` + hash + `"} 1
`
		if err := testutil.CollectAndCompare(info, strings.NewReader(want)); err != nil {
			t.Errorf("with %q: %v", content, err)
		}
	}
	if len(hashes) != 3 {
		t.Errorf("got %d hashes, want 3: the defaults, and two others", len(hashes))
	}
}
