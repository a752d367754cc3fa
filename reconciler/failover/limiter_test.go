package failover

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

func service(i int) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: fmt.Sprint("web-", i)}
}

// limited is a limiter with a limit that a test changes, and the names of the Services that it has enqueued since the last look.
type limited struct {
	*limiter
	limit    int
	enqueued []string
}

func newLimited(limit int) *limited {
	l := &limited{limit: limit}
	l.limiter = newLimiter(func() int { return l.limit }, func(key types.NamespacedName) { l.enqueued = append(l.enqueued, key.Name) })
	return l
}

func (l *limited) expect(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.enqueued); diff != "" {
		t.Errorf("unexpected Services are enqueued (-want +got):\n%s", diff)
	}
	l.enqueued = nil
}

func TestTheLimiterEnqueuesWhoDidNotGetInOnceAnotherLeaves(t *testing.T) {
	l := newLimited(2)
	for i, want := range []bool{true, true, false, false, false} {
		if got := l.enter(service(i)); got != want {
			t.Errorf("Service %d gets in: %t, want %t", i, got, want)
		}
	}
	l.expect(t)
	l.leave()
	l.expect(t, "web-2") // in their order, and no more than there is room for
	if !l.enter(service(2)) {
		t.Error("who was enqueued does not get in")
	}
	l.leave()
	l.leave()
	l.expect(t, "web-3", "web-4")
	l.leave()
	l.expect(t)
}

func TestTheLimiterEnqueuesAServiceOnce(t *testing.T) {
	l := newLimited(1)
	l.enter(service(0))
	for range 3 { // events of the same Service while it waits
		if l.enter(service(1)) {
			t.Error("it gets in beyond the limit")
		}
	}
	l.leave()
	l.expect(t, "web-1")
	if len(l.waiting) != 0 || len(l.queued) != 0 {
		t.Errorf("%v and %v are remembered", l.waiting, l.queued)
	}
	l.enter(service(0))
	l.enter(service(1)) // it comes again, and does not get in again
	l.leave()
	l.expect(t, "web-1")
}

func TestTheLimiterReadsTheLimitAnew(t *testing.T) {
	l := newLimited(1)
	for i := range 6 {
		l.enter(service(i))
	}
	l.limit = 4
	l.leave()
	l.expect(t, "web-1", "web-2", "web-3", "web-4")
	for i := 1; i <= 4; i++ {
		if !l.enter(service(i)) {
			t.Errorf("Service %d does not get in below the new limit", i)
		}
	}
	l.limit = 1
	for range 3 {
		l.leave()
		l.expect(t) // more are through than may be
	}
	l.leave()
	l.expect(t, "web-5")
}

// A Service that was enqueued may find that another has taken its place: it waits again, and nobody is lost.
func TestTheLimiterLosesNobodyWhoWasOvertaken(t *testing.T) {
	l := newLimited(1)
	l.enter(service(0))
	l.enter(service(1))
	l.leave()
	l.expect(t, "web-1")
	l.enter(service(2)) // comes first
	if l.enter(service(1)) {
		t.Error("it gets in beyond the limit")
	}
	l.leave()
	l.expect(t, "web-1")
}
