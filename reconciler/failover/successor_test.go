package failover

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestANewSuccessorEnqueuesTheLeaderService(t *testing.T) {
	f := newLeaseHolder(t)
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer q.ShutDown()
	counter := &countingQueue{TypedRateLimitingInterface: q}
	if err := f.successorChanges.Start(t.Context(), counter); err != nil {
		t.Fatal(err)
	}
	step := func(what string, want int) {
		t.Helper()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		if counter.added != want {
			t.Errorf("%s: enqueued %d times, want %d", what, counter.added, want)
		}
	}
	step("the successor is b2", 1)
	step("nothing has changed", 1)
	if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("b2", gen.NotReady)); err != nil {
		t.Fatal(err)
	}
	step("there is no successor", 2)
	step("nothing has changed again", 2)
}

// countingQueue counts what is added with a delay.
type countingQueue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	added int
}

func (q *countingQueue) AddAfter(reconcile.Request, time.Duration) { q.added++ }

func TestReportAnnotationsAreNoChangeOfAService(t *testing.T) {
	reported := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Annotations = map[string]string{config.SuccessorKey: "b2", config.TermKey: "5"}
	})
	if store.ServiceChanged(gen.LeaderOf(gen.WebService()), reported) {
		t.Error("changed report annotations count as a change")
	}
	if leaderslice.SameReport(gen.LeaderOf(gen.WebService()).Annotations, reported.Annotations) {
		t.Error("changed report annotations are not repaired")
	}
}
