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

func TestSuccessionRingsWhenTheSuccessorChanges(t *testing.T) {
	st := elected(t)
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer q.ShutDown()
	rung := &waiting{TypedRateLimitingInterface: q}
	if err := st.standing.Start(t.Context(), rung); err != nil {
		t.Fatal(err)
	}
	step := func(what string, want int) {
		t.Helper()
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		if rung.added != want {
			t.Errorf("%s: rung %d times, want %d", what, rung.added, want)
		}
	}
	step("b2 is known to follow", 1)
	step("nothing has changed", 1)
	if err := st.stores.Pods.Update(gen.ReadyPod("b2", gen.NotReady)); err != nil {
		t.Fatal(err)
	}
	step("nobody follows", 2)
	step("nothing has changed since", 2)
}

// waiting counts what is added for later.
type waiting struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	added int
}

func (w *waiting) AddAfter(reconcile.Request, time.Duration) { w.added++ }

func TestAReportIsNoChangeOfAService(t *testing.T) {
	reported := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Annotations = map[string]string{config.SuccessorKey: "b2", config.TermKey: "5"}
	})
	if store.ServiceChanged(gen.LeaderOf(gen.WebService()), reported) {
		t.Error("a report enqueues succession")
	}
	if leaderslice.SameReport(gen.LeaderOf(gen.WebService()).Annotations, reported.Annotations) {
		t.Error("a report that someone changes is not mended")
	}
}
