package failover

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/election"
)

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	series := 3 * len(election.Reasons())
	for name, want := range map[string]int{
		"tanist_handovers_total": series, "tanist_handover_duration_seconds": series,
		"tanist_commit_conflicts_total": 1, "tanist_departures_unadmitted_total": 1,
		"tanist_commits_unstable_total": 1, "tanist_commits_slowed_total": 1,
	} {
		if got, err := testutil.GatherAndCount(registry, name); err != nil || got != want {
			t.Errorf("%s has %d series at first (%v), want %d", name, got, err, want)
		}
	}

	m.handover("LeaderGone", pathBackup, 3*time.Millisecond)
	m.handover("LeaderGone", pathBackup, 0)
	m.conflicts.Inc()
	if got := testutil.ToFloat64(m.handovers.WithLabelValues("LeaderGone", "backup")); got != 2 {
		t.Errorf("got %v hand-overs", got)
	}
	if got := testutil.ToFloat64(m.handovers.WithLabelValues("LeaderGone", "unprepared")); got != 0 {
		t.Errorf("got %v hand-overs of the other path", got)
	}
	if got := testutil.ToFloat64(m.conflicts); got != 1 {
		t.Errorf("got %v conflicts", got)
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
		t.Errorf("%d durations were observed, want only that of the hand-over with a trigger", observed)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestMetricsCannotBeRegisteredTwice(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := newMetrics(registry); err != nil {
		t.Fatal(err)
	}
	if _, err := newMetrics(registry); err == nil {
		t.Error("got no error the second time")
	}
}
