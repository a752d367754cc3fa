package retry

import (
	"context"
	"net/http"
	"time"
)

// AttemptTimeout is how long one attempt at a call may take. An API server that answers does so in milliseconds; one that went
// away without a word must not hold up the attempt that would reach another.
const AttemptTimeout = 3 * time.Second

// AdmissionTimeout is how long one attempt at a write may take that no traffic waits for. An admission webhook may take 30 s, and only then does
// the API server carry the write out, or say which webhook does not answer.
const AdmissionTimeout = 35 * time.Second

type failFastKey struct{}

// WithFailFast marks the calls that a hand-over waits for.
func WithFailFast(ctx context.Context) context.Context {
	return context.WithValue(ctx, failFastKey{}, true)
}

// FailFast is for the transport of the manager's client. An answer with Retry-After makes client-go sleep, for at least a second
// and up to ten times, before its caller learns of it; on calls that a hand-over waits for that is for the failover policy to
// decide, so they lose the header.
func FailFast(next http.RoundTripper) http.RoundTripper {
	return failFastTransport{next}
}

type failFastTransport struct{ http.RoundTripper }

func (t failFastTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err == nil && request.Context().Value(failFastKey{}) != nil {
		response.Header.Del("Retry-After")
	}
	return response, err
}
