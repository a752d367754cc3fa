package retry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Worth says whether the same call may succeed when it is tried again soon: the API server is overloaded, starting, or lost on the
// way. Errors that only another decision, another object or another permission mends (conflict, not found, already exists, invalid,
// forbidden) are not worth it, and neither is a context that its owner canceled.
//
// An attempt that failed on the way may have been carried out. So retry only what may be done twice: a write with a resourceVersion
// answers the second time with a conflict, a create with "already exists".
func Worth(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return worthStatus(int(status.Status().Code))
	}
	return lostOnTheWay(err)
}

// worthStatus looks at the HTTP status: it is there for every answer, where a reason is not (a load balancer's 502).
func worthStatus(code int) bool {
	switch code {
	case http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	default:
		return code >= http.StatusInternalServerError
	}
}

// lostOnTheWay says whether there was no answer at all: the connection could not be made, was lost, or took too long.
func lostOnTheWay(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || utilnet.IsTimeout(err) { // the attempt's own; Do looks at the caller's first
		return true
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || utilnet.IsProbableEOF(err) {
		return true
	}
	for _, errno := range []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENETUNREACH, syscall.EHOSTUNREACH,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	// net/http keeps its HTTP/2 errors to itself: their text is all there is. An API server that shuts down sends GOAWAY.
	return strings.Contains(err.Error(), "http2: client connection") || strings.Contains(err.Error(), "GOAWAY")
}

// suggestedDelay is the Retry-After that the API server sent with an error; zero without one.
func suggestedDelay(err error) time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	return time.Duration(seconds) * time.Second
}
