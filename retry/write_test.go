package retry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// errWebhook is how the API server refuses a write when it cannot call an admission webhook.
var errWebhook = apierrors.NewInternalError(errors.New(`failed calling webhook "x"`))

func TestWrite(t *testing.T) {
	policy := Policy{Name: "x", MaxAttempts: 2, InitialDelay: time.Millisecond, MaxDelay: time.Millisecond}
	for name, test := range map[string]struct {
		errs           []error // of the attempts; the others succeed
		want           error   // the last one; nil for success
		wantUnanswered bool
	}{
		"it succeeds":                            {},
		"it is refused":                          {errs: []error{errConflict}, want: errConflict},
		"it succeeds after an answer was lost":   {errs: []error{io.ErrUnexpectedEOF}},
		"it is refused after an answer was lost": {errs: []error{io.ErrUnexpectedEOF, errConflict}, want: errConflict, wantUnanswered: true},
		"both answers are lost":                  {errs: []error{io.ErrUnexpectedEOF, io.ErrUnexpectedEOF}, want: io.ErrUnexpectedEOF, wantUnanswered: true},
		"a webhook cannot be called": {
			errs: []error{errWebhook, errWebhook}, want: errWebhook,
		},
		"it is refused, because it was sent twice":     {errs: []error{fmt.Errorf("%w: %w", ErrUnanswered, errConflict)}, want: errConflict, wantUnanswered: true},
		"it is given up after the server was too busy": {errs: []error{apierrors.NewTooManyRequests("x", 0), ErrNotSent}, want: ErrNotSent},
		"it is given up after an answer was lost":      {errs: []error{io.ErrUnexpectedEOF, ErrNotSent}, want: ErrNotSent, wantUnanswered: true},
		"it is refused after the server was too busy":  {errs: []error{apierrors.NewTooManyRequests("x", 0), errConflict}, want: errConflict},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := Write(t.Context(), policy, "patch", func(context.Context) error {
					calls++
					if calls > len(test.errs) {
						return nil
					}
					return test.errs[calls-1]
				})
				if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || errors.Is(err, ErrUnanswered) != test.wantUnanswered {
					t.Errorf("got error %v, want %v, unanswered: %t", err, test.want, test.wantUnanswered)
				}
			})
		})
	}
}

func TestAWriteIsNotCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		err := Write(ctx, Policy{Name: "x", Timeout: time.Minute}, "patch", func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if took := time.Since(start); took != time.Minute || !errors.Is(err, ErrUnanswered) {
			t.Errorf("got %v after %s, want ErrUnanswered after the policy's timeout", err, took)
		}
	})
}

func TestUnanswered(t *testing.T) {
	slices := schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}
	connection := func(op string, err error) error {
		return fmt.Errorf("failed: %w", &url.Error{Op: "Put", URL: "https://10.96.0.1", Err: &net.OpError{Op: op, Err: err}})
	}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"no error":                    {},
		"a conflict":                  {err: apierrors.NewConflict(slices, "x", errors.New("changed"))},
		"too many requests":           {err: apierrors.NewTooManyRequests("slow down", 1)},
		"forbidden":                   {err: apierrors.NewForbidden(slices, "x", errors.New("no role"))},
		"connection refused":          {err: connection("dial", syscall.ECONNREFUSED)},
		"no connection in time":       {err: connection("dial", os.ErrDeadlineExceeded)},
		"connection reset":            {err: connection("read", syscall.ECONNRESET), want: true},
		"the attempt's deadline":      {err: context.DeadlineExceeded, want: true},
		"canceled":                    {err: context.Canceled, want: true},
		"etcd does not answer":        {err: apierrors.NewTimeoutError("etcd", 1), want: true},
		"a webhook cannot be called":  {err: errWebhook},
		"gateway timeout":             {err: apierrors.NewGenericServerResponse(504, "put", slices, "x", "", 0, true), want: true},
		"given up before it was sent": {err: fmt.Errorf("heard again: %w", ErrNotSent)},
		"an answer that is cut off":   {err: io.ErrUnexpectedEOF, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Unanswered(test.err); got != test.want {
				t.Errorf("got %t for %v", got, test.err)
			}
		})
	}
}
