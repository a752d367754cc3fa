package failover

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/retry"
	"github.com/tanist-dev/tanist/test/dummy"
)

// connection is how one of two connections to the API server behaves.
type connection struct {
	// lost says that no update arrives, err is how each one is refused.
	lost bool
	err  error
	// answersAfter is how long the answer takes; never if it is negative.
	answersAfter time.Duration
	// resetAfter is when the connection is reset, after the update has arrived; zero for never.
	resetAfter time.Duration

	updates int
}

// to returns a client that uses the connection.
func (c *connection) to(api client.WithWatch) client.Client {
	return interceptor.NewClient(api, interceptor.Funcs{
		Update: func(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			c.updates++
			err := c.err
			if err == nil && !c.lost {
				err = api.Update(ctx, obj, opts...)
			}
			if c.resetAfter > 0 {
				<-time.After(c.resetAfter)
				return io.ErrUnexpectedEOF
			}
			if c.lost || c.answersAfter < 0 {
				<-ctx.Done()
				return ctx.Err()
			}
			select {
			case <-time.After(c.answersAfter):
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
}

func TestAMoveByVerdictIsSentOnASecondConnection(t *testing.T) {
	busy := apierrors.NewServiceUnavailable("starting")
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	unanswered := func(err error) bool { return errors.Is(err, retry.ErrUnanswered) && apierrors.IsConflict(err) }
	for name, test := range map[string]struct {
		first, second connection
		wantErr       func(error) bool // nil for success
		wantMoved     bool
		wantTook      time.Duration
		wantSecond    int
	}{
		"the first one answers":                  {wantMoved: true},
		"the first one is slow":                  {first: connection{answersAfter: hedgeAfter - 1}, wantMoved: true, wantTook: hedgeAfter - 1},
		"the first one is lost":                  {first: connection{lost: true}, wantMoved: true, wantTook: hedgeAfter, wantSecond: 1},
		"the first one is refused":               {first: connection{err: busy}, wantErr: apierrors.IsServiceUnavailable},
		"the first one arrives and answers late": {first: connection{answersAfter: hedgeAfter + time.Millisecond}, wantErr: unanswered, wantMoved: true, wantTook: hedgeAfter, wantSecond: 1},
		"the first one arrives and never answers": {
			first: connection{answersAfter: -1}, wantErr: unanswered, wantMoved: true, wantTook: hedgeAfter, wantSecond: 1,
		},
		"the first one answers late, and the second one is refused": {
			first: connection{answersAfter: time.Second}, second: connection{err: busy}, wantMoved: true, wantTook: time.Second, wantSecond: 1,
		},
		"the first one arrives and is reset, and the second one is refused": {
			first: connection{resetAfter: hedgeAfter + time.Millisecond}, second: connection{err: dial, answersAfter: time.Second},
			wantErr:   func(err error) bool { return errors.Is(err, retry.ErrUnanswered) && errors.Is(err, dial) },
			wantMoved: true, wantTook: hedgeAfter + time.Second, wantSecond: 1,
		},
		"neither is ever sent": {
			first: connection{err: dial, answersAfter: hedgeAfter + time.Millisecond}, second: connection{err: dial, answersAfter: time.Second},
			wantErr:  func(err error) bool { return !errors.Is(err, retry.ErrUnanswered) && errors.Is(err, dial) },
			wantTook: hedgeAfter + time.Second, wantSecond: 1,
		},
		"both are lost": {
			first: connection{lost: true}, second: connection{lost: true}, wantTook: retry.AttemptTimeout, wantSecond: 1,
			wantErr: func(err error) bool { return errors.Is(err, context.DeadlineExceeded) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				desired := sliceWritten("b2", 6, leaderslice.Basis{})
				write := cache.Write{Desired: desired, Current: f.slice()}
				ctx, cancel := context.WithTimeout(t.Context(), retry.AttemptTimeout)
				start := time.Now()
				slice, err := updateHedged(ctx, test.first.to(f.otherClient), test.second.to(f.otherClient), write)
				if took := time.Since(start); took != test.wantTook {
					t.Errorf("took %s, want %s", took, test.wantTook)
				}
				cancel()
				synctest.Wait() // no attempt outlives the end of its context
				if test.wantErr == nil && (err != nil || slice.ResourceVersion == "") || test.wantErr != nil && !test.wantErr(err) {
					t.Errorf("got error %v and slice %v", err, slice)
				}
				if moved := leaderslice.Parse(f.slice()).State.Leader.Name == "b2"; moved != test.wantMoved {
					t.Errorf("the leader moved: %t, want %t", moved, test.wantMoved)
				}
				if test.first.updates != 1 || test.second.updates != test.wantSecond {
					t.Errorf("%d and %d updates, want one and %d", test.first.updates, test.second.updates, test.wantSecond)
				}
			})
		})
	}
}

func TestOnlyMovesByVerdictAreHedged(t *testing.T) {
	for name, test := range map[string]struct {
		observer   *dummy.Observer
		deletes    bool
		wantSecond int
		wantReason string
	}{
		"a verdict":  {observer: dummy.Convicts(observe.NodeLost, "a1", "b2"), wantSecond: 1, wantReason: "NodeLost"},
		"a deletion": {observer: dummy.Hears("b2"), deletes: true, wantReason: "LeaderDeleted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				f.observes(test.observer)
				first, second := connection{answersAfter: hedgeAfter + time.Millisecond}, connection{}
				f.client, f.hedge = first.to(f.otherClient), second.to(f.otherClient)
				if test.deletes {
					f.deleteLeader()
				}
				if _, err := f.reconcile(); err != nil {
					t.Fatal(err)
				}
				f.expectNewTerm("b2")
				if first.updates != 1 || second.updates != test.wantSecond {
					t.Errorf("%d and %d updates, want one and %d", first.updates, second.updates, test.wantSecond)
				}
				if got := testutil.ToFloat64(f.metrics.handovers.WithLabelValues(test.wantReason, "unprepared")); got != 1 {
					t.Errorf("%v hand-overs are counted, want one", got)
				}
				if got := testutil.ToFloat64(f.metrics.conflicts); got != 0 {
					t.Errorf("%v conflicts are counted, want none", got)
				}
			})
		})
	}
}
