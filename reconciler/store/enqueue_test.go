package store

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestTheAlarmWakesEveryService(t *testing.T) {
	other := gen.WebService(func(s *corev1.Service) { s.Name = "other" })
	plain := gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil })
	a, q := &AllEnqueuer{Stores: NewFake(gen.WebService(), other, plain)}, gen.NewQueue(t)
	a.EnqueueAll() // nobody listens yet
	if err := a.Source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	gen.WantEnqueued(t, q, "before it rings")
	a.EnqueueAll()
	got := gen.Enqueued(q)
	if diff := cmp.Diff(map[string]bool{"web": true, "other": true}, map[string]bool{got[0]: true, got[1]: true}); len(got) != 2 || diff != "" {
		t.Errorf("enqueued: %v", got)
	}
}

func TestABellThatNobodyHearsHoldsUpNothing(t *testing.T) {
	b := &Enqueuer{}
	for range 1000 {
		b.EnqueueAfter(gen.ShopWeb, time.Second)
	}
}

func TestABellThatRingsAllTheTimeWakesOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		b := &Enqueuer{}
		if err := b.Start(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		enqueued := 0
		go func() {
			for {
				request, ended := q.Get()
				if ended {
					return
				}
				enqueued++
				q.Done(request)
			}
		}()
		ticker := time.NewTicker(10 * time.Millisecond)
		for range 1000 { // ten seconds
			<-ticker.C
			b.EnqueueAfter(gen.ShopWeb, time.Second)
		}
		synctest.Wait()
		if enqueued < 8 || enqueued > 10 {
			t.Errorf("enqueued %d times in 10 s", enqueued)
		}
		q.ShutDown()
	})
}
