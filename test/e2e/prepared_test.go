//go:build e2e

package e2e

import (
	"testing"

	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// TestPrepared: nearly every hand-over commits what was prepared when the deletion or eviction was admitted. E2E_REPEAT is how many
// leaders are deleted and how many evicted (5).
func TestPrepared(t *testing.T) {
	client := env.Connect(t)
	n := env.Number(t, "E2E_REPEAT", 5)
	s := startDeletions(t, client)
	s.set(func(s *deletions) { s.allReady = true })
	for _, way := range []struct {
		name   string
		evicts bool
	}{{"deletions", false}, {"evictions", true}} {
		var before, got prepared
		missed := 0
		s.pause(func() {
			s.awaitLeaders("before " + way.name)
			s.set(func(s *deletions) { s.evicts = way.evicts })
			before = countPrepared(t, client)
		})
		for range n { // one by one: a hundred take longer than env.Timeout
			s.awaitHandovers(1)
			s.pause(func() {
				s.awaitLeaders("after one of the " + way.name)
				now := countPrepared(t, client).since(before)
				if now.handovers-now.used > got.handovers-got.used {
					missed++
				}
				got = now
			})
		}
		t.Logf("%s: %v departures prepared, %v hand-overs; what was prepared: %v used, %v stale, %v expired, %v superseded; the others: %v by the Lease's holder, %v by its backup",
			way.name, got.admitted, got.handovers, got.used, got.stale, got.expired, got.superseded, got.unprepared, got.backup)
		// One exception is allowed. It counts once, however many Services its pod led.
		if missed > max(1, n/20) {
			t.Errorf("%s: of %d departures %d were handed over without what was prepared, want 5 %% at most", way.name, n, missed)
		}
	}
	s.stop()
}

// prepared is what all replicas together have counted.
type prepared struct {
	handovers, unprepared, backup, admitted, used, stale, expired, superseded float64
}

func countPrepared(t *testing.T, client kubernetes.Interface) prepared {
	t.Helper()
	outcome := func(outcome string) float64 {
		return tanistMetric(t, client, preparedTotal, labels{"outcome": outcome})
	}
	return prepared{
		handovers:  tanistMetric(t, client, handoversTotal, nil),
		unprepared: tanistMetric(t, client, handoversTotal, labels{"path": "unprepared"}),
		backup:     tanistMetric(t, client, handoversTotal, labels{"path": "backup"}),
		admitted:   tanistMetric(t, client, admittedTotal, labels{"outcome": "prepared"}),
		used:       outcome("used"), stale: outcome("stale"), expired: outcome("expired"), superseded: outcome("superseded"),
	}
}

func (p prepared) since(before prepared) prepared {
	return prepared{
		handovers: p.handovers - before.handovers, unprepared: p.unprepared - before.unprepared, backup: p.backup - before.backup,
		admitted: p.admitted - before.admitted, used: p.used - before.used,
		stale: p.stale - before.stale, expired: p.expired - before.expired, superseded: p.superseded - before.superseded,
	}
}
