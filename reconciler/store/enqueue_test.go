package store

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAllServicesEnqueuer(t *testing.T) {
	other := gen.WebService(func(s *corev1.Service) { s.Name = "other" })
	plain := gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil })
	left := gen.WebService(func(s *corev1.Service) { // whose source asked for a leader before
		s.Name, s.Annotations, s.Labels = "left-leader", nil, map[string]string{config.SourceServiceKey: "left"}
	})
	a, q := &AllServicesEnqueuer{Stores: NewFake(gen.WebService(), other, plain, left)}, gen.NewQueue(t)
	a.EnqueueAll() // the controller has not started
	if err := a.Source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	gen.WantEnqueued(t, q, "before EnqueueAll")
	second := gen.NewQueue(t)
	if err := a.Source().Start(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	a.EnqueueAll()
	for _, q := range []Queue{q, second} {
		if diff := cmp.Diff([]string{"left", "other", "web"}, slices.Sorted(slices.Values(gen.Enqueued(q)))); diff != "" {
			t.Errorf("unexpected Services (-want +got):\n%s", diff)
		}
	}
}

func TestEnqueueAfterDoesNotBlockWithoutAQueue(t *testing.T) {
	enqueuer := &Enqueuer{}
	for range 1000 {
		enqueuer.EnqueueAfter(gen.ShopWeb, time.Second)
	}
}

func TestEnqueueAfterMergesRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		enqueuer := &Enqueuer{}
		if err := enqueuer.Start(t.Context(), q); err != nil {
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
			enqueuer.EnqueueAfter(gen.ShopWeb, time.Second)
		}
		synctest.Wait()
		if enqueued < 8 || enqueued > 10 {
			t.Errorf("enqueued %d times in 10 s, want 8 to 10", enqueued)
		}
		q.ShutDown()
	})
}

func TestAllServicesComeAfterTheOneThatLostItsLeader(t *testing.T) {
	q := priorityqueue.New[reconcile.Request]("test")
	defer q.ShutDown()
	stores := NewFake(gen.WebService())
	a := &AllServicesEnqueuer{Stores: stores}
	if err := a.Source().Start(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	a.EnqueueAll()
	lost := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "lost"}}
	q.Add(lost)
	if got, _ := q.Get(); got != lost {
		t.Errorf("got %v first, want %v", got, lost)
	}
	if got, _ := q.Get(); got.NamespacedName != gen.ShopWeb {
		t.Errorf("got %v next, want %v", got, gen.ShopWeb)
	}
}
