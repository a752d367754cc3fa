package reconciler

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestTheGateLetsAsManyThroughAsTheLimitSaysNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limit, inside atomic.Int32
		limit.Store(2)
		g := newGate(func() int { return int(limit.Load()) })
		leave := make(chan struct{})
		for range 10 {
			go func() {
				if !g.enter(t.Context()) {
					return
				}
				inside.Add(1)
				<-leave
				inside.Add(-1)
				g.leave()
			}()
		}
		expect := func(want int32) {
			t.Helper()
			synctest.Wait()
			if got := inside.Load(); got != want {
				t.Errorf("%d are through, want %d", got, want)
			}
		}
		expect(2)
		limit.Store(5)
		leave <- struct{}{}
		expect(5)
		limit.Store(1)
		for range 4 {
			leave <- struct{}{}
		}
		expect(1)
		close(leave)
		expect(0)
	})
}

func TestTheGateEndsWithItsContext(t *testing.T) {
	g := newGate(func() int { return 0 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if g.enter(ctx) {
		t.Error("it let someone through")
	}
}
