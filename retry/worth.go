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

// Worth reports whether the same call may succeed if it is retried soon: the API server is overloaded, starting or unreachable. Errors
// that need another decision, object or permission (conflict, not found, already exists, invalid, forbidden) are not worth a retry. Nor
// is a context that its owner has canceled.
//
// The API server may have carried out an attempt although its answer was lost. So retry only what may be done twice: the second time, a
// write with a resourceVersion gets a conflict, and a create gets "already exists".
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

// worthStatus decides by the HTTP status, because not every answer has a reason (a load balancer's 502, for example).
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

// lostOnTheWay reports whether there was no answer: the connection could not be established, was lost or timed out.
func lostOnTheWay(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || utilnet.IsTimeout(err) { // the attempt's own; Do checks the caller's first
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
	// net/http does not export its HTTP/2 errors, so only their text identifies them. An API server that shuts down sends GOAWAY, and one that
	// runs into an error, or a proxy before it, resets a stream.
	for _, text := range []string{"http2: client connection", "GOAWAY", "stream error: stream ID"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// suggestedDelay returns the Retry-After that the API server sent with an error; zero if there is none.
func suggestedDelay(err error) time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	return time.Duration(seconds) * time.Second
}
