package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	errUnavailable = apierrors.NewServiceUnavailable("starting")
	errConflict    = apierrors.NewConflict(schema.GroupResource{}, "x", errors.New("changed"))
	errShutdown    = errors.New("shutting down")
)

func TestDo(t *testing.T) {
	failover := Policy{Name: "failover", MaxAttempts: 2, InitialDelay: 20 * time.Millisecond, MaxDelay: 500 * time.Millisecond}
	standard := Policy{Name: "standard", MaxAttempts: 4, InitialDelay: 100 * time.Millisecond, MaxDelay: 300 * time.Millisecond}
	cases := map[string]struct {
		policy    Policy
		deadline  time.Duration // of the context, after the start
		cancel    time.Duration // when the context is canceled with errShutdown
		took      time.Duration // how long each attempt takes
		errs      []error       // of the first attempts; the others succeed
		wantCalls int
		wantErrs  []error
		wantFrom  time.Duration // the shortest total time
		wantTo    time.Duration // the longest, with the most jitter
		want      map[string]float64
	}{
		"the first attempt succeeds": {
			policy:    failover,
			wantCalls: 1,
			want:      map[string]float64{"failover/patch/succeeded": 1},
		},
		"the second attempt succeeds": {
			policy: failover, errs: []error{errUnavailable},
			wantCalls: 2, wantFrom: 20 * time.Millisecond, wantTo: 24 * time.Millisecond,
			want: map[string]float64{"failover/patch/retried": 1, "failover/patch/succeeded": 1},
		},
		"the attempts are used up": {
			policy: failover, errs: []error{errUnavailable, errUnavailable},
			wantCalls: 2, wantErrs: []error{errUnavailable}, wantFrom: 20 * time.Millisecond, wantTo: 24 * time.Millisecond,
			want: map[string]float64{"failover/patch/retried": 1, "failover/patch/exhausted": 1},
		},
		"the delays double up to the longest": {
			policy: standard, errs: []error{errUnavailable, errUnavailable, errUnavailable},
			wantCalls: 4, wantFrom: 600 * time.Millisecond, wantTo: 660 * time.Millisecond, // 100 + 200 + 300, and 20 + 40 + 0
			want: map[string]float64{"standard/patch/retried": 3, "standard/patch/succeeded": 1},
		},
		"a conflict is not tried again": {
			policy: failover, errs: []error{errConflict},
			wantCalls: 1, wantErrs: []error{errConflict},
			want: map[string]float64{"failover/patch/refused": 1},
		},
		"the server's delay is honoured": {
			policy:    Policy{Name: "slow", MaxAttempts: 2, InitialDelay: time.Millisecond, MaxDelay: 5 * time.Second},
			errs:      []error{apierrors.NewTooManyRequests("slow down", 2)},
			wantCalls: 2, wantFrom: 2 * time.Second, wantTo: 2 * time.Second,
			want: map[string]float64{"slow/patch/retried": 1, "slow/patch/succeeded": 1},
		},
		"the server's delay is cut to the longest": {
			policy: failover, errs: []error{apierrors.NewTooManyRequests("slow down", 30)},
			wantCalls: 2, wantFrom: 500 * time.Millisecond, wantTo: 500 * time.Millisecond,
			want: map[string]float64{"failover/patch/retried": 1, "failover/patch/succeeded": 1},
		},
		"a server's delay shorter than the backoff does not shorten it": {
			policy:    Policy{Name: "slow", MaxAttempts: 2, InitialDelay: 2 * time.Second, MaxDelay: 2 * time.Second},
			errs:      []error{apierrors.NewTooManyRequests("slow down", 1)},
			wantCalls: 2, wantFrom: 2 * time.Second, wantTo: 2 * time.Second,
			want: map[string]float64{"slow/patch/retried": 1, "slow/patch/succeeded": 1},
		},
		"a policy without attempts has one": {
			policy: Policy{Name: "none"}, errs: []error{errUnavailable},
			wantCalls: 1, wantErrs: []error{errUnavailable},
			want: map[string]float64{"none/patch/exhausted": 1},
		},
		"a policy without delays tries again at once": {
			policy: Policy{Name: "none", MaxAttempts: 3, InitialDelay: time.Second}, errs: []error{errUnavailable, errUnavailable},
			wantCalls: 3,
			want:      map[string]float64{"none/patch/retried": 2, "none/patch/succeeded": 1},
		},
		"a context that is canceled during a delay ends it": {
			policy: standard, cancel: 10 * time.Millisecond, errs: []error{errUnavailable},
			wantCalls: 1, wantErrs: []error{errUnavailable, errShutdown}, wantFrom: 10 * time.Millisecond, wantTo: 10 * time.Millisecond,
			want: map[string]float64{"standard/patch/canceled": 1},
		},
		"a delay that the deadline would cut short does not begin": {
			policy: standard, deadline: 50 * time.Millisecond, errs: []error{errUnavailable},
			wantCalls: 1, wantErrs: []error{errUnavailable, context.DeadlineExceeded},
			want: map[string]float64{"standard/patch/canceled": 1},
		},
		"a context that ends during an attempt ends all": {
			policy: standard, cancel: time.Second, took: time.Second, errs: []error{errUnavailable},
			wantCalls: 1, wantErrs: []error{errUnavailable}, wantFrom: time.Second, wantTo: time.Second,
			want: map[string]float64{"standard/patch/canceled": 1},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			attempts.Reset()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, func() { cancel(errShutdown) })
				}
				if test.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, test.deadline)
					defer stop()
				}
				calls, start := 0, time.Now()
				err := Do(ctx, test.policy, "patch", func(context.Context) error {
					calls++
					<-time.After(test.took)
					synctest.Wait() // for everything else at this time
					if calls > len(test.errs) {
						return nil
					}
					return test.errs[calls-1]
				})
				elapsed := time.Since(start)

				if calls != test.wantCalls {
					t.Errorf("got %d calls, want %d", calls, test.wantCalls)
				}
				if (err == nil) != (len(test.wantErrs) == 0) {
					t.Errorf("got error %v, want %v", err, test.wantErrs)
				}
				for _, want := range test.wantErrs {
					if !errors.Is(err, want) {
						t.Errorf("got error %v, which is not %v", err, want)
					}
				}
				if elapsed < test.wantFrom || elapsed > test.wantTo {
					t.Errorf("took %s, want from %s to %s", elapsed, test.wantFrom, test.wantTo)
				}
			})
			if diff := cmp.Diff(test.want, gather(t)); diff != "" {
				t.Errorf("unexpected metrics (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDoReturnsTheLastErrorAsItIs(t *testing.T) {
	err := Do(t.Context(), Policy{Name: "x", MaxAttempts: 1}, "patch", func(context.Context) error { return errConflict })
	if !errors.Is(err, errConflict) || !apierrors.IsConflict(err) {
		t.Errorf("got %#v, want the conflict itself", err)
	}
}

func TestDoDoesNotBeginWithAContextThatHasEnded(t *testing.T) {
	attempts.Reset()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errShutdown)
	err := Do(ctx, Policy{Name: "x", MaxAttempts: 1}, "patch", func(context.Context) error {
		t.Error("fn was called")
		return nil
	})
	if !errors.Is(err, errShutdown) {
		t.Errorf("got error %v, want %v", err, errShutdown)
	}
	if got := gather(t); len(got) > 0 {
		t.Errorf("counted %v although there was no attempt", got)
	}
}
