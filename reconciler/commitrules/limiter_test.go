package commitrules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

func service(i int) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: fmt.Sprint("web-", i)}
}

// testLimiter is a Limiter with a limit that a test changes, and the names of the Services that it has enqueued since the last check.
type testLimiter struct {
	*Limiter
	limit    int
	enqueued []string
}

func newTestLimiter(limit int) *testLimiter {
	l := &testLimiter{limit: limit}
	l.Limiter = NewLimiter(func() int { return l.limit }, func(key types.NamespacedName) { l.enqueued = append(l.enqueued, key.Name) })
	return l
}

func (l *testLimiter) expect(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.enqueued); diff != "" {
		t.Errorf("unexpected Services are enqueued (-want +got):\n%s", diff)
	}
	l.enqueued = nil
}

func TestTheLimiterEnqueuesAWaitingServiceWhenAnotherIsDone(t *testing.T) {
	l := newTestLimiter(2)
	for i, want := range []bool{true, true, false, false, false} {
		if got := l.TryAcquire(service(i), false); got != want {
			t.Errorf("Service %d may run: %t, want %t", i, got, want)
		}
	}
	l.expect(t)
	l.Release()
	l.expect(t, "web-2") // in order, and no more than there is room for
	if !l.TryAcquire(service(2), false) {
		t.Error("a Service that was enqueued may not run")
	}
	l.Release()
	l.Release()
	l.expect(t, "web-3", "web-4")
	l.Release()
	l.expect(t)
}

func TestTheLimiterEnqueuesAServiceOnce(t *testing.T) {
	l := newTestLimiter(1)
	l.TryAcquire(service(0), false)
	for range 3 { // events of the same Service while it waits
		if l.TryAcquire(service(1), false) {
			t.Error("a Service may run beyond the limit")
		}
	}
	l.Release()
	l.expect(t, "web-1")
	if !l.waiting.Empty() || len(l.queued) != 0 {
		t.Errorf("%v and %v are remembered", l.waiting, l.queued)
	}
	l.TryAcquire(service(0), false)
	if !l.TryAcquire(service(1), false) {
		t.Error("a Service that was enqueued may not run")
	}
	l.TryAcquire(service(1), false) // an event while it runs: it waits again
	l.Release()
	l.expect(t, "web-0")
	l.Forfeit(service(0))
	l.expect(t, "web-1")
}

func TestTheLimiterFollowsAChangedLimit(t *testing.T) {
	l := newTestLimiter(1)
	for i := range 6 {
		l.TryAcquire(service(i), false)
	}
	l.limit = 4
	l.Release()
	l.expect(t, "web-1", "web-2", "web-3", "web-4")
	for i := 1; i <= 4; i++ {
		if !l.TryAcquire(service(i), false) {
			t.Errorf("Service %d may not run below the new limit", i)
		}
	}
	l.limit = 1
	for range 3 {
		l.Release()
		l.expect(t) // as many run as the new limit allows, or more
	}
	l.Release()
	l.expect(t, "web-5")
}

func TestTheLimiterKeepsThePlaceOfAServiceThatWasEnqueued(t *testing.T) {
	l := newTestLimiter(1)
	l.TryAcquire(service(0), false)
	l.TryAcquire(service(1), false)
	l.Release()
	l.expect(t, "web-1")
	if l.TryAcquire(service(2), false) {
		t.Error("a newcomer takes the place of a Service that has waited")
	}
	l.Forfeit(service(1)) // it has nothing to decide any more
	l.expect(t, "web-2")
	l.Forfeit(service(1)) // has no place to give up
	if l.taken != 1 {
		t.Errorf("%d places are taken, want one", l.taken)
	}
}

func TestTheLimiterServesNamespacesInTurn(t *testing.T) {
	for _, urgent := range []bool{false, true} { // those of the busy namespace
		l := newTestLimiter(1)
		l.TryAcquire(service(0), urgent)
		for i := 1; i <= 50; i++ {
			l.TryAcquire(service(i), urgent)
		}
		neighbour := types.NamespacedName{Namespace: "bank", Name: "neighbour"}
		l.TryAcquire(neighbour, false)
		l.Release()
		l.expect(t, "web-1")
		l.TryAcquire(service(1), urgent)
		l.TryAcquire(service(1), urgent) // an event meanwhile
		l.Release()
		l.expect(t, "neighbour")
		l.TryAcquire(neighbour, false)
		l.Release()
		l.expect(t, "web-2")
	}
}

func TestTheLimiterServesUrgentServicesFirst(t *testing.T) {
	l := newTestLimiter(1)
	l.TryAcquire(service(0), false)
	for i := 1; i <= 50; i++ {
		l.TryAcquire(service(i), false)
	}
	l.TryAcquire(service(51), true)
	l.TryAcquire(service(50), true) // waits already
	for range 3 {                   // more events of it
		l.TryAcquire(service(50), true)
		l.TryAcquire(service(50), false)
	}
	next := func(want string, i int) {
		t.Helper()
		l.Release()
		l.expect(t, want)
		l.TryAcquire(service(i), false)
	}
	next("web-51", 51)
	next("web-50", 50)
	for i := 1; i < 50; i++ {
		next(fmt.Sprint("web-", i), i)
	}
	l.Release()
	l.expect(t) // it does not get its first place, too
	if !l.waiting.Empty() || len(l.queued) != 0 || l.taken != 0 {
		t.Errorf("%v, %v and %d places are remembered", l.waiting, l.queued, l.taken)
	}
}
