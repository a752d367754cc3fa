package failover

import (
	"strings"
	"testing"

	"k8s.io/client-go/tools/events"
)

func TestALeaderWithoutDrainWindowIsReportedOnce(t *testing.T) {
	f := newLeaseHolder(t)
	recorder := events.NewFakeRecorder(10)
	f.recorder = recorder
	for range 3 {
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(recorder.Events); got != 1 {
		t.Fatalf("got %d Events, want 1", got)
	}
	if got := <-recorder.Events; !strings.HasPrefix(got, "Normal NoDrainWindow pod a1 leads") {
		t.Errorf("got %q", got)
	}
}
