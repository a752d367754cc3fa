//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/test/env"
)

// TestBench: in each mode every lost leader is followed by another, and the bench leaves nothing behind.
func TestBench(t *testing.T) {
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	page := filepath.Join(t.TempDir(), "bench.html")
	out := env.Run(t, "kubectl", "tanist", "bench", "--mode", "delete,force,evict,readiness,crash,freeze", "--failovers", "1",
		"--floor", "--traffic", "--output", "json", "--report", page)
	var measured report.Report
	if err := json.Unmarshal(out, &measured); err != nil {
		t.Fatal(err)
	}
	if len(measured.Rows) != 12 {
		t.Errorf("%d rows, want 6 modes of Tanist and of the floor each", len(measured.Rows))
	}
	for _, row := range measured.Rows {
		if row.Measured != 1 || row.Missed != 0 {
			t.Errorf("%s, %s: %d measured and %d missed, want 1 and 0", row.Mode, row.Who, row.Measured, row.Missed)
		}
		for _, sample := range row.Samples {
			if sample.Moves != 1 {
				t.Errorf("%s, %s: the leader moved %d times for one loss: %+v", row.Mode, row.Who, sample.Moves, sample)
			}
		}
		if row.Traffic == nil || row.Traffic.OK == 0 {
			t.Errorf("%s, %s: no request got an answer: %+v", row.Mode, row.Who, row.Traffic)
			continue
		}
		if planned := row.Mode == report.ModeDelete || row.Mode == report.ModeEvict; planned && row.Traffic.Failed > 0 {
			t.Errorf("%s, %s: requests failed although the pods have a drain window: %+v", row.Mode, row.Who, row)
		}
	}
	if info, err := os.Stat(page); err != nil || info.Size() == 0 {
		t.Errorf("no report was written: %v", err)
	}
	namespaces, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, namespace := range namespaces.Items {
		if len(namespace.Name) > 12 && namespace.Name[:12] == "tanist-bench" && namespace.DeletionTimestamp == nil {
			t.Errorf("bench left namespace %s behind", namespace.Name)
		}
	}
}

// TestBurst: the leaders of many Services are lost in one request, and all are handed over.
func TestBurst(t *testing.T) {
	env.AwaitBothReplicas(t, env.Connect(t))
	out := env.Run(t, "kubectl", "tanist", "bench", "--burst", "--services", "5", "--pods", "2", "--failovers", "1", "--floor", "--output", "json")
	var measured report.Report
	if err := json.Unmarshal(out, &measured); err != nil {
		t.Fatal(err)
	}
	for _, row := range measured.Rows {
		if row.Missed != 0 || row.Measured == 0 {
			t.Errorf("%s: %d measured, %d missed", row.Who, row.Measured, row.Missed)
		}
	}
}
