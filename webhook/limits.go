package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// queueTimeout is how long a call waits for others to end, when too many are under way. It leaves time to answer before the API server
	// gives up, after a second.
	queueTimeout = 300 * time.Millisecond
	// bodyTimeout is how long a body may take to arrive. No webhook's timeout is longer.
	bodyTimeout = 2 * time.Second
)

// limits are what the calls of one webhook may use. Each webhook has a share of its own, so that no other can starve it.
type limits struct {
	// body is the largest AdmissionReview, in bytes.
	body int64
	// calls is how many calls are answered at a time.
	calls int64
	// bytes is how many bytes the bodies of these calls have together.
	bytes int64
}

// limitsOf are the limits of each webhook. An object of the API server has at most 1.5 MiB, and a review has two of them, or one. Bodies
// are decoded to several times their size, except by departures.
var limitsOf = map[string]limits{
	hookDepartures:  {body: 4 << 20, calls: 512, bytes: 32 << 20},
	hookServices:    {body: 4 << 20, calls: 64, bytes: 12 << 20},
	hookTuning:      {body: 3 << 20, calls: 4, bytes: 4 << 20},
	hookNamespaces:  {body: 2 << 20, calls: 32, bytes: 4 << 20},
	hookDrainWindow: {body: 4 << 20, calls: 128, bytes: 16 << 20},
	// These are for reading alone (readsOnly).
	hookAny: {body: 4 << 20, calls: 256, bytes: 24 << 20},
}

// limiter limits what the calls of a webhook use. It reads the body, so that what follows has it in memory.
type limiter struct {
	hook string
	limits
	calls, bytes *semaphore.Weighted
	metrics      *metrics
	next         http.Handler
	// readsOnly says that the limits are for reading alone, because next limits what it does with the body.
	readsOnly bool
}

func newLimiter(hook string, l limits, metrics *metrics, next http.Handler) *limiter {
	return &limiter{
		hook: hook, limits: l, calls: semaphore.NewWeighted(l.calls), bytes: semaphore.NewWeighted(l.bytes), metrics: metrics, next: next,
	}
}

// ServeHTTP answers a call that exceeds a limit itself. The API server then allows the request (failurePolicy Ignore).
func (l *limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	size := r.ContentLength
	switch {
	case size > l.body:
		l.reject(w, r, causeTooLarge)
		return
	case size < 0:
		size = l.body // it is not known
	}
	release, ok := l.admit(r.Context(), size)
	if !ok {
		l.reject(w, r, causeTooMany)
		return
	}
	defer release()
	body, err := readBody(w, r, l.body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		l.reject(w, r, causeTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.reject(w, r, causeTooSlow)
	case err != nil:
		l.reject(w, r, causeBroken)
	default:
		if l.readsOnly {
			release()
		}
		r = r.Clone(r.Context())
		r.Body, r.ContentLength = http.NoBody, int64(len(body))
		if len(body) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		l.next.ServeHTTP(w, r)
	}
}

// admit waits until a call with a body of this size fits. The caller calls release in the end, or before.
func (l *limiter) admit(ctx context.Context, size int64) (release func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, queueTimeout)
	defer cancel()
	if l.calls.Acquire(ctx, 1) != nil {
		return nil, false
	}
	if l.bytes.Acquire(ctx, size) != nil {
		l.calls.Release(1)
		return nil, false
	}
	return sync.OnceFunc(func() {
		l.bytes.Release(size)
		l.calls.Release(1)
	}), true
}

// readBody reads the body within bodyTimeout.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	control := http.NewResponseController(w)
	// A writer without a connection has no deadlines, and its body is in memory.
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	body := make([]byte, max(r.ContentLength, 0))
	var err error
	if r.ContentLength < 0 {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	} else {
		_, err = io.ReadFull(r.Body, body)
	}
	if err == nil {
		// Otherwise the deadline would end the connection while the call is handled. If the body is incomplete, it has to.
		_ = control.SetReadDeadline(time.Time{})
	}
	return body, err
}

// Why a call is rejected: values of the metric's label `cause`.
const (
	// causeTooLarge means that the body is larger than any AdmissionReview.
	causeTooLarge = "too_large"
	// causeTooMany means that too many calls, or calls with too much together, are under way.
	causeTooMany = "too_many"
	// causeTooSlow means that the body did not arrive in time.
	causeTooSlow = "too_slow"
	// causeBroken means that the body ended early, or does not say which webhook is called.
	causeBroken = "broken"
)

// statusOf is the HTTP status for each cause.
var statusOf = map[string]int{
	causeTooLarge: http.StatusRequestEntityTooLarge, causeTooMany: http.StatusTooManyRequests,
	causeTooSlow: http.StatusRequestTimeout, causeBroken: http.StatusBadRequest,
}

// reject answers a call without handling it, and counts it.
func (l *limiter) reject(w http.ResponseWriter, r *http.Request, cause string) {
	leaveUnread(w, r)
	l.metrics.rejected.WithLabelValues(l.hook, cause).Inc()
	http.Error(w, fmt.Sprintf("tanist: the call of %s was rejected: %s", l.hook, cause), statusOf[cause])
}

// leaveUnread has the server close the connection instead of reading the rest of the body, which may never come. HTTP/2 ends the stream alone.
//
// The header alone is not enough: after the answer, net/http reads up to 256 KiB of what is left, and waits for it without a limit.
func leaveUnread(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // a writer without a connection has no body to wait for
	}
}
