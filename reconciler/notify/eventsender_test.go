package notify

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/tanist-dev/tanist/test/gen"
)

// eventAPI is an API server that creates Events unless its answer to the attempt is an error.
type eventAPI struct {
	client.WithWatch
	attempts, created atomic.Int32
}

func newEventAPI(answer func(attempt int32) error) *eventAPI {
	api := &eventAPI{}
	api.WithWatch = interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if err := answer(api.attempts.Add(1)); err != nil {
				return err
			}
			if err := c.Create(ctx, obj, opts...); err != nil {
				return err
			}
			api.created.Add(1)
			return nil
		},
	})
	return api
}

// webEvent is an Event about the Service web.
func webEvent(t *testing.T) *eventsv1.Event {
	t.Helper()
	event, err := NewEvent(gen.WebService(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func TestAnEventIsDeferred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(func(int32) error { return nil })
		NewEventSender(api, &QuietPeriod{}).Send(t.Context(), webEvent(t))
		<-time.After(Deferral - 1)
		if got := api.attempts.Load(); got != 0 {
			t.Errorf("%d attempts while leaders may be moving", got)
		}
		<-time.After(2)
		synctest.Wait()
		if got := api.created.Load(); got != 1 {
			t.Errorf("%d Events, want one", got)
		}
	})
}

func TestAnEventWaitsForAnAPIServerThatRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(time.Minute)
		api := newEventAPI(func(int32) error {
			if time.Now().Before(back) {
				return apierrors.NewServiceUnavailable("restarting")
			}
			return nil
		})
		sender := NewEventSender(api, &QuietPeriod{})
		sender.Send(t.Context(), webEvent(t))
		sender.Wait()
		if got := api.created.Load(); got != 1 {
			t.Errorf("%d Events, want one", got)
		}
	})
}

func TestAnEventWhoseAnswerWasLostIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := newEventAPI(func(attempt int32) error {
			if attempt == 1 {
				return apierrors.NewServerTimeout(schema.GroupResource{Resource: "events"}, "create", 0)
			}
			return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "events"}, "web.1")
		})
		sender := NewEventSender(api, &QuietPeriod{})
		sender.Send(t.Context(), webEvent(t))
		sender.Wait()
		if got := api.attempts.Load(); got != 2 {
			t.Errorf("%d attempts, want two", got)
		}
	})
}

// idleController does nothing until it ends.
type idleController struct{ controller.Controller }

func (idleController) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestAReplicaThatStopsSendsItsLastEvents(t *testing.T) {
	cases := map[string]struct {
		answer      func(attempt int32) error
		wantCreated int32
		wantWithin  time.Duration
	}{
		"at once": {answer: func(int32) error { return nil }, wantCreated: 1, wantWithin: 0},
		"after an error": {answer: func(attempt int32) error {
			if attempt == 1 {
				return apierrors.NewInternalError(errors.New("not now"))
			}
			return nil
		}, wantCreated: 1, wantWithin: time.Second},
		"not while the API server is down": {answer: func(int32) error {
			return apierrors.NewServiceUnavailable("gone")
		}, wantCreated: 0, wantWithin: flushTimeout},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := newEventAPI(test.answer)
				sender := NewEventSender(api, &QuietPeriod{})
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan time.Time, 1)
				go func() {
					if err := (FlushingController{idleController{}, sender}).Start(ctx); err != nil {
						t.Error(err)
					}
					ended <- time.Now()
				}()
				sender.Send(ctx, webEvent(t))
				synctest.Wait()
				stopped := time.Now()
				stop()
				if took := (<-ended).Sub(stopped); took > test.wantWithin {
					t.Errorf("it stopped after %s, want at most %s", took, test.wantWithin)
				}
				if got := api.created.Load(); got != test.wantCreated {
					t.Errorf("%d Events, want %d", got, test.wantCreated)
				}
			})
		})
	}
}

func TestAnEventInATerminatingNamespaceIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		terminating := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "web.1", errors.New("it is being terminated"))
		terminating.ErrStatus.Details.Causes = append(terminating.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
		api := newEventAPI(func(int32) error { return terminating })
		sender := NewEventSender(api, &QuietPeriod{})
		sender.Send(t.Context(), webEvent(t))
		sender.Wait()
		if got := api.attempts.Load(); got != 1 {
			t.Errorf("%d attempts, want one", got)
		}
	})
}

func TestManyEventsAreSentAFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var underWay, most atomic.Int32
		api := newEventAPI(func(int32) error {
			now := underWay.Add(1)
			for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
			}
			<-time.After(10 * time.Millisecond)
			underWay.Add(-1)
			return nil
		})
		sender := NewEventSender(api, &QuietPeriod{})
		const n = 500
		for i := range n {
			event := webEvent(t)
			event.Regarding.Name = "web-" + strconv.Itoa(i) // each is about a Service of its own
			event.Namespace = "shop-" + strconv.Itoa(i%5)
			event.Regarding.Namespace = event.Namespace
			sender.Send(t.Context(), event)
		}
		sender.Wait()
		if got := api.created.Load(); got != n {
			t.Errorf("%d Events were created, want %d", got, n)
		}
		if got := most.Load(); got != maxConcurrentEvents {
			t.Errorf("%d Events were sent at a time, want %d", got, maxConcurrentEvents)
		}
	})
}

// TestAnEventAboutWhatIsInNoNamespace: the API server refuses Events about it in another namespace.
func TestAnEventAboutWhatIsInNoNamespace(t *testing.T) {
	event, err := NewEvent(gen.Namespace("shop"), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if event.Namespace != metav1.NamespaceDefault || event.Regarding.Namespace != "" || event.Regarding.Name != "shop" {
		t.Errorf("got an Event in %q about %+v", event.Namespace, event.Regarding)
	}
}
