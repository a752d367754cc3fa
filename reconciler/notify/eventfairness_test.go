package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/tanist-dev/tanist/test/gen"
)

// orderedAPI is an API server that takes a while for each Event, and keeps the order in which it got them.
type orderedAPI struct {
	client.WithWatch
	mu         sync.Mutex
	namespaces []string
	at         []time.Time
}

func newOrderedAPI(took time.Duration) *orderedAPI {
	api := &orderedAPI{}
	api.WithWatch = interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, obj client.Object, _ ...client.CreateOption) error {
			api.mu.Lock()
			api.namespaces, api.at = append(api.namespaces, obj.GetNamespace()), append(api.at, time.Now())
			api.mu.Unlock()
			<-time.After(took)
			return nil
		},
	})
	return api
}

// eventIn is an Event about a Service of a namespace.
func eventIn(t *testing.T, namespace string, service int) *eventsv1.Event {
	t.Helper()
	return eventAbout(t, gen.WebService(func(s *corev1.Service) { s.Namespace, s.Name = namespace, fmt.Sprint("web-", service) }), nil,
		ReasonLeaderChanged, "it moved")
}

func TestOneNamespacesEventsDoNotDelayAnothers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took = 100 * time.Millisecond
		api := newOrderedAPI(took)
		sender := NewEventSender(api, &QuietPeriod{})
		for n := range namespaceBurst {
			sender.Send(t.Context(), eventIn(t, "busy", n))
		}
		<-time.After(took) // all of them wait for the quiet period
		began := time.Now()
		sender.Send(t.Context(), eventIn(t, "shop", 0))
		sender.Wait()
		for n, namespace := range api.namespaces {
			if namespace == "shop" {
				if waited := api.at[n].Sub(began); waited > Deferral+2*took {
					t.Errorf("the neighbour's Event was sent after %s, behind %d others, want at most one round of slots", waited, n)
				}
			}
		}
		if got := len(api.namespaces); got != namespaceBurst+1 {
			t.Errorf("%d Events were sent, want %d", got, namespaceBurst+1)
		}
	})
}

func TestANamespaceWithManyFlappingServicesHasFewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newOrderedAPI(0)
		sender := NewEventSender(api, &QuietPeriod{})
		const services, moves = 200, 12
		for range moves {
			for n := range services {
				sender.Send(t.Context(), eventIn(t, "busy", n))
			}
			<-time.After(time.Second)
		}
		sender.Wait()
		sent := len(api.namespaces)
		if omitted := testutil.ToFloat64(sender.limits.omitted); sent+int(omitted) != services*moves {
			t.Errorf("%d Events were sent and %v are counted as omitted, want %d in all", sent, omitted, services*moves)
		}
		if most := namespaceBurst + int(moves*time.Second/namespaceInterval) + services; sent > most {
			t.Errorf("%d Events were sent, want at most %d", sent, most)
		}
	})
}

func TestAnAbandonedRequestForASlotTakesNone(t *testing.T) {
	slots := newEventSlots(2, 1)
	if !slots.acquire(t.Context(), "shop") {
		t.Fatal("a free slot is not given")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if slots.acquire(ended, "shop") {
		t.Error("a namespace has more slots than it may")
	}
	if !slots.acquire(t.Context(), "bank") {
		t.Fatal("a free slot is not given to another namespace")
	}
	if slots.acquire(ended, "farm") {
		t.Error("a slot is given twice")
	}
	slots.release("shop")
	slots.release("bank")
	if slots.free != 2 || len(slots.taken) != 0 || !slots.waiting.Empty() || len(slots.full) != 0 {
		t.Errorf("%d slots are free, want two; %v, %v and %v are remembered", slots.free, slots.taken, slots.waiting, slots.full)
	}
}

// A namespace may have an admission webhook that hangs and is called for Events.
func TestANamespaceInWhichNoEventCanBeSentHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hangs = 30 * time.Second
		var sent atomic.Pointer[time.Time]
		var attempts atomic.Int32
		api := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
			Create: func(_ context.Context, _ client.WithWatch, obj client.Object, _ ...client.CreateOption) error {
				if obj.GetNamespace() == "shop" {
					sent.Store(new(time.Now()))
					return nil
				}
				attempts.Add(1)
				<-time.After(hangs)
				return apierrors.NewInternalError(errors.New("failed calling webhook"))
			},
		})
		sender := NewEventSender(api, &QuietPeriod{})
		for n := range namespaceBurst {
			sender.Send(t.Context(), eventIn(t, "stuck", n))
		}
		<-time.After(2 * Deferral) // they are being sent
		began := time.Now()
		sender.Send(t.Context(), eventIn(t, "shop", 0))
		<-time.After(2 * Deferral)
		if sent.Load() == nil {
			t.Error("the neighbour's Event was not sent")
		}
		sender.Wait()
		if took, rounds := time.Since(began), namespaceBurst/maxConcurrentOfNamespace+1; took > time.Duration(rounds)*(sendTimeout+hangs) {
			t.Errorf("the Events were given up after %s and %d attempts", took, attempts.Load())
		}
	})
}
