package notify

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestAfterCallsOnce(t *testing.T) {
	for name, test := range map[string]struct {
		wait, ends time.Duration
		want       time.Duration
	}{
		"at once":                       {ends: time.Hour},
		"when the time has passed":      {wait: time.Minute, ends: time.Hour, want: time.Minute},
		"when the context has ended":    {wait: time.Hour, ends: time.Minute, want: time.Minute},
		"when both come together":       {wait: time.Minute, ends: time.Minute, want: time.Minute},
		"when the context ended before": {wait: time.Hour, ends: -1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.ends)
				defer cancel()
				began := time.Now()
				var calls atomic.Int32
				var took atomic.Int64
				after(ctx, test.wait, func() {
					calls.Add(1)
					took.Store(int64(time.Since(began)))
				})
				<-time.After(2 * time.Hour)
				if calls.Load() != 1 || time.Duration(took.Load()) != test.want {
					t.Errorf("%d calls, after %s; want one after %s", calls.Load(), time.Duration(took.Load()), test.want)
				}
			})
		})
	}
}

func TestEventsThatWaitTakeNoGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 4 * namespaceBurst
		api := newEventAPI(func(int32) error { return nil })
		sender, before := NewEventSender(api, &QuietPeriod{}), runtime.NumGoroutine()
		ctx, stop := context.WithCancel(t.Context())
		for i := range many {
			event, err := NewEvent(gen.WebService(func(s *corev1.Service) { s.Name = fmt.Sprintf("web-%d", i) }), nil, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			sender.Send(ctx, event)
		}
		if got := runtime.NumGoroutine() - before; got > namespaceBurst+50 {
			t.Errorf("%d goroutines for %d Events", got, many)
		}
		stop()
		sender.Wait()
		if got := api.created.Load(); got != many {
			t.Errorf("%d Events were sent when the replica stopped, want %d", got, many)
		}
	})
}
