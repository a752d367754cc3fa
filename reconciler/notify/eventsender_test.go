package notify

import (
	"context"
	"errors"
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

// mailbox is an API that takes Events as long as answer has no error for them.
type mailbox struct {
	client.WithWatch
	attempts, taken atomic.Int32
	answer          func(attempt int32) error
}

func newMailbox(answer func(attempt int32) error) *mailbox {
	m := &mailbox{answer: answer}
	m.WithWatch = interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if err := answer(m.attempts.Add(1)); err != nil {
				return err
			}
			if err := c.Create(ctx, obj, opts...); err != nil {
				return err
			}
			m.taken.Add(1)
			return nil
		},
	})
	return m
}

func eventOf(t *testing.T) *eventsv1.Event {
	t.Helper()
	event, err := NewEvent(gen.WebService(), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func TestAnEventIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(func(int32) error { return nil })
		NewEventSender(m, &QuietPeriod{}).Send(t.Context(), eventOf(t))
		<-time.After(Deferral - 1)
		if got := m.attempts.Load(); got != 0 {
			t.Errorf("%d attempts while a hand-over may be under way", got)
		}
		<-time.After(2)
		synctest.Wait()
		if got := m.taken.Load(); got != 1 {
			t.Errorf("%d Events, want one", got)
		}
	})
}

func TestAnEventWaitsForTheAPIServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(time.Minute)
		m := newMailbox(func(int32) error {
			if time.Now().Before(back) {
				return apierrors.NewServiceUnavailable("restarting")
			}
			return nil
		})
		sender := NewEventSender(m, &QuietPeriod{})
		sender.Send(t.Context(), eventOf(t))
		sender.Sending.Wait()
		if got := m.taken.Load(); got != 1 {
			t.Errorf("%d Events, want one", got)
		}
	})
}

func TestAnEventWhoseAnswerWasLostIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMailbox(func(attempt int32) error {
			if attempt == 1 {
				return apierrors.NewServerTimeout(schema.GroupResource{Resource: "events"}, "create", 0)
			}
			return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "events"}, "web.1")
		})
		sender := NewEventSender(m, &QuietPeriod{})
		sender.Send(t.Context(), eventOf(t))
		sender.Sending.Wait()
		if got := m.attempts.Load(); got != 2 {
			t.Errorf("%d attempts, want two", got)
		}
	})
}

// idle is a controller with nothing to do.
type idle struct{ controller.Controller }

func (idle) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestAReplicaThatStopsSendsItsLastEventsFirst(t *testing.T) {
	cases := map[string]struct {
		answer func(attempt int32) error
		taken  int32
		within time.Duration
	}{
		"at once": {answer: func(int32) error { return nil }, taken: 1, within: 0},
		"after an error": {answer: func(attempt int32) error {
			if attempt == 1 {
				return apierrors.NewInternalError(errors.New("not now"))
			}
			return nil
		}, taken: 1, within: time.Second},
		"unless the API server is away": {answer: func(int32) error {
			return apierrors.NewServiceUnavailable("gone")
		}, taken: 0, within: flushTimeout},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMailbox(test.answer)
				sender := NewEventSender(m, &QuietPeriod{})
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan time.Time, 1)
				go func() {
					if err := (Flushed{idle{}, sender}).Start(ctx); err != nil {
						t.Error(err)
					}
					ended <- time.Now()
				}()
				sender.Send(ctx, eventOf(t))
				synctest.Wait()
				stopped := time.Now()
				stop()
				if took := (<-ended).Sub(stopped); took > test.within {
					t.Errorf("it stopped after %s, want at most %s", took, test.within)
				}
				if got := m.taken.Load(); got != test.taken {
					t.Errorf("%d Events, want %d", got, test.taken)
				}
			})
		})
	}
}

func TestAnEventOfANamespaceThatEndsIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "web.1", errors.New("it is being terminated"))
		ends.ErrStatus.Details.Causes = append(ends.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
		m := newMailbox(func(int32) error { return ends })
		sender := NewEventSender(m, &QuietPeriod{})
		sender.Send(t.Context(), eventOf(t))
		sender.Sending.Wait()
		if got := m.attempts.Load(); got != 1 {
			t.Errorf("%d attempts, want one", got)
		}
	})
}
