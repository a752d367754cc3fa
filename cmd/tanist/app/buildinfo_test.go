package app

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

func TestTheBuildInfoNamesTheVersions(t *testing.T) {
	registry := prometheus.NewRegistry()
	if err := registerBuildInfo(registry, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != 1 {
		t.Fatalf("got %v, %v", families, err)
	}
	metric := families[0].GetMetric()[0]
	got := map[string]string{}
	for _, label := range metric.GetLabel() {
		got[label.GetName()] = label.GetValue()
	}
	if diff := cmp.Diff(map[string]string{"version": "1.2.3", "goversion": runtime.Version()}, got); diff != "" {
		t.Errorf("unexpected labels (-want +got):\n%s", diff)
	}
	if families[0].GetName() != "tanist_build_info" || metric.GetGauge().GetValue() != 1 {
		t.Errorf("got %v", families[0])
	}
}
