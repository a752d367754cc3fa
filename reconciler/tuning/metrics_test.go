package tuning

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestTuningStaleMetric(t *testing.T) {
	registry, tuning := prometheus.NewRegistry(), config.NewStore()
	if err := registerMetrics(registry, tuning); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tanist_tuning_stale", "tanist_tuning_info"} {
		if got, err := testutil.GatherAndCount(registry, name); err != nil || got != 1 {
			t.Errorf("%s starts with %d series (%v), want 1", name, got, err)
		}
	}
	gen.Tune(tuning, "commit: {concurrency: 0}")
	want := "# HELP tanist_tuning_stale 1 while the tuning in the ConfigMap tanist-tuning is wrong, so that the last good tuning or the defaults are in force.\n# TYPE tanist_tuning_stale gauge\ntanist_tuning_stale 1\n"
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "tanist_tuning_stale"); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
	if err := registerMetrics(registry, tuning); err == nil {
		t.Error("got no error the second time")
	}
}

func TestTuningInfoHasOneSeries(t *testing.T) {
	tuning := config.NewStore()
	info := tuningInfo{tuning}
	hashes := map[string]bool{}
	for _, content := range []string{"", "commit: {concurrency: 3}", "commit: {concurrency: 3} # three", "commit: {concurrency: 4}"} {
		gen.Tune(tuning, content)
		hash := tuning.Load().Hash()
		hashes[hash] = true
		want := `# HELP tanist_tuning_info Always 1. The label hash identifies the tuning in force.
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
