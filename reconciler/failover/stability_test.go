package failover

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAServiceThatFlapsIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		began, leader := time.Now(), "a1"
		for time.Since(began) < 10*time.Second {
			ready, gone := "b2", "a1"
			if leader == "b2" {
				ready, gone = "a1", "b2"
			}
			for name, change := range map[string][]func(*corev1.Pod){ready: nil, gone: {gen.NotReady}} {
				if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod(name, change...)); err != nil {
					t.Fatal(err)
				}
			}
			result, err := f.reconcile()
			if err != nil {
				t.Fatal(err)
			}
			if result.RequeueAfter > 334*time.Millisecond {
				t.Fatalf("a lost leader waits %s", result.RequeueAfter)
			}
			leader = leaderslice.Parse(f.slice()).State.Leader.Name
			<-time.After(max(result.RequeueAfter, 10*time.Millisecond))
		}
		if got := f.writes.Load(); got < 30 || got > 42 {
			t.Errorf("%d commits in ten seconds, want a burst of ten and three each second", got)
		}
		if testutil.ToFloat64(f.metrics.slowed) == 0 {
			t.Error("no commit is counted as slowed down")
		}
	})
}
