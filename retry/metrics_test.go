package retry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

func TestInitMetricsStartsAtZero(t *testing.T) {
	attempts.Reset()
	InitMetrics("failover", "patch-slice", "get-slice")
	want := map[string]float64{}
	for _, op := range []string{"patch-slice", "get-slice"} {
		for _, outcome := range []string{"succeeded", "retried", "refused", "exhausted", "canceled"} {
			want["failover/"+op+"/"+outcome] = 0
		}
	}
	if diff := cmp.Diff(want, gather(t)); diff != "" {
		t.Errorf("unexpected series (-want +got):\n%s", diff)
	}
}

// gather reads the metric from the registry that controller-runtime serves, as policy/op/outcome.
func gather(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatalf("failed to gather metrics: %v", err)
	}
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "tanist_retry_attempts_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			got[labels["policy"]+"/"+labels["op"]+"/"+labels["outcome"]] = metric.GetCounter().GetValue()
		}
	}
	return got
}
