package cache

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
)

func TestMetricsStartAtZero(t *testing.T) {
	expect(t, New(), `
		tanist_leader_cache_hits_total 0
		tanist_leader_cache_invalidations_total{reason="opted_out"} 0
		tanist_leader_cache_invalidations_total{reason="pod_recreated"} 0
		tanist_leader_cache_invalidations_total{reason="service_changed"} 0
		tanist_leader_cache_invalidations_total{reason="service_gone"} 0
		tanist_leader_cache_invalidations_total{reason="slice_changed"} 0
		tanist_leader_cache_misses_total{reason="behind"} 0
		tanist_leader_cache_misses_total{reason="conflict"} 0
		tanist_leader_cache_misses_total{reason="invalidated"} 0
		tanist_leader_cache_misses_total{reason="unknown"} 0
		tanist_leader_services 0
		tanist_leaderless_services 0
		tanist_prepared_total{outcome="expired"} 0
		tanist_prepared_total{outcome="stale"} 0
		tanist_prepared_total{outcome="superseded"} 0
		tanist_prepared_total{outcome="used"} 0
	`)
}

func TestHitsAndMissesAreCounted(t *testing.T) {
	l := New()
	l.Lookup(web, one)
	l.Observe(web, slice("100", 0, "a"), at(0))
	l.Lookup(web, one)
	l.Refresh(web, one, []leaderslice.Slice{slice("101", 5, "a")}, at(1), at(1))
	l.Lookup(web, one)
	l.Invalidate(web, PodRecreated, at(0))
	l.Lookup(web, one)
	l.CountMiss(MissConflict)
	l.CountMiss(MissBehind)
	expect(t, l, `
		tanist_leader_cache_hits_total 2
		tanist_leader_cache_misses_total{reason="behind"} 1
		tanist_leader_cache_misses_total{reason="conflict"} 1
		tanist_leader_cache_misses_total{reason="invalidated"} 1
		tanist_leader_cache_misses_total{reason="unknown"} 1
	`)
}

func TestInvalidationsAreCounted(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want string
	}{
		"the leader is re-created": {
			feed: func(l *Leaders) { l.Invalidate(web, PodRecreated, at(0)) }, want: "pod_recreated",
		},
		"the Service is deleted": {feed: func(l *Leaders) { l.Forget(web, ServiceGone) }, want: "service_gone"},
		"the Service is re-created": {
			feed: func(l *Leaders) { l.Lookup(web, Want{Service: "second"}) }, want: "service_gone",
		},
		"the annotation is removed":   {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: "opted_out"},
		"the ports change":            {feed: func(l *Leaders) { l.Invalidate(web, ServiceChanged, at(0)) }, want: "service_changed"},
		"a slice's version goes back": {feed: func(l *Leaders) { l.Invalidate(web, SliceChanged, at(0)) }, want: "slice_changed"},
		"another replica commits":     {feed: func(l *Leaders) { l.Observe(web, slice("101", 6, "b"), at(1)); l.Lookup(web, one) }},
		"someone deletes the slice":   {feed: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "1001", at(1)); l.Lookup(web, one) }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			for _, why := range []Invalidation{PodRecreated, ServiceGone, OptedOut, ServiceChanged, SliceChanged} {
				want := 0.0
				if string(why) == test.want {
					want = 1
				}
				if got := testutil.ToFloat64(l.metrics.invalidations.WithLabelValues(string(why))); got != want {
					t.Errorf("got %v invalidations for %s, want %v", got, why, want)
				}
			}
		})
	}
}

func TestAServicesSeriesGoWithIt(t *testing.T) {
	l := knowing(t)
	api := types.NamespacedName{Namespace: "shop", Name: "api"}
	l.Lookup(api, one)
	expect(t, l, `
		tanist_leader_services 2
		tanist_leader_term{namespace="shop",service="api"} 0
		tanist_leader_term{namespace="shop",service="web"} 5
		tanist_leaderless_services 1
		tanist_service_without_leader{namespace="shop",service="api"} 1
	`)
	l.Forget(web, ServiceGone)
	expect(t, l, `
		tanist_leader_services 1
		tanist_leader_term{namespace="shop",service="api"} 0
		tanist_leaderless_services 1
		tanist_service_without_leader{namespace="shop",service="api"} 1
	`)
	// A Service that only a slice names has no series.
	l.Observe(web, slice("200", 9, "a"), at(1))
	expect(t, l, `tanist_leader_services 1`)
}

func TestALeaderThatIsNotReadyLeavesItsServiceLeaderless(t *testing.T) {
	l := knowing(t)
	lastResort := leads("a", 5)
	lastResort.Leader.Ready = false
	l.SetState(web, lastResort, 5)
	expect(t, l, `
		tanist_leaderless_services 1
		tanist_service_without_leader{namespace="shop",service="web"} 1
	`)
}

func TestMetricsPassLint(t *testing.T) {
	problems, err := testutil.CollectAndLint(New())
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// expect compares all series of the metrics that are in want.
func expect(t *testing.T, l *Leaders, want string) {
	t.Helper()
	var names []string
	var text strings.Builder
	kinds := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		if !kinds[name] {
			kinds[name] = true
			names = append(names, name)
			kind := "gauge"
			if strings.HasSuffix(name, "_total") {
				kind = "counter"
			}
			text.WriteString("# TYPE " + name + " " + kind + "\n")
		}
		text.WriteString(line + "\n")
	}
	got, err := testutil.CollectAndFormat(l, expfmt.TypeTextPlain, names...)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.SplitSeq(string(got), "\n") {
		if !strings.HasPrefix(line, "# HELP") {
			kept = append(kept, line)
		}
	}
	if diff := strings.TrimSpace(strings.Join(kept, "\n")); diff != strings.TrimSpace(text.String()) {
		t.Errorf("want:\n%s\ngot:\n%s", text.String(), diff)
	}
}
