package reconciler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

func TestABellThatNobodyHearsHoldsUpNothing(t *testing.T) {
	b := &bell{}
	for range 1000 {
		b.ring(shopWeb)
	}
}

func TestABellThatRingsAllTheTimeWakesOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		b := &bell{}
		if err := b.hang(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		woken := 0
		go func() {
			for {
				request, ended := q.Get()
				if ended {
					return
				}
				woken++
				q.Done(request)
			}
		}()
		ticker := time.NewTicker(10 * time.Millisecond)
		for range 1000 { // ten seconds
			<-ticker.C
			b.ring(shopWeb)
		}
		synctest.Wait()
		if woken < 8 || woken > 10 {
			t.Errorf("woken %d times in 10 s", woken)
		}
		q.ShutDown()
	})
}

func TestSuccessorOf(t *testing.T) {
	b := &election.Candidate{Name: "b2"}
	cases := map[string]struct {
		record cache.Record
		want   *string
	}{
		"before the first decision nobody knows": {record: cache.Record{State: leading("a1", 5)}},
		"who was decided upon": {
			record: cache.Record{State: leading("a1", 5), Decided: true, Successor: b}, want: new("b2"),
		},
		"nobody was decided upon": {record: cache.Record{State: leading("a1", 5), Decided: true}, want: new("")},
		"a decision about another leader says nothing": {
			record: cache.Record{State: leading("c3", 4), Decided: true, Successor: b},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, successorOf(test.record, leading("a1", 5))); diff != "" {
				t.Errorf("unexpected successor (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSuccessionRingsWhenTheSuccessorChanges(t *testing.T) {
	st := elected(t)
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer q.ShutDown()
	rung := &waiting{TypedRateLimitingInterface: q}
	if err := st.bell.hang(t.Context(), rung); err != nil {
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
	if err := st.views.pods.Update(readyPod("b2", notReady)); err != nil {
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
	reported := leaderOf(webService(), func(s *corev1.Service) {
		s.Annotations = map[string]string{config.SuccessorKey: "b2", config.TermKey: "5"}
	})
	if serviceChanged(leaderOf(webService()), reported) {
		t.Error("a report wakes succession")
	}
	if sameReport(leaderOf(webService()).Annotations, reported.Annotations) {
		t.Error("a report that someone changes is not mended")
	}
}
