package app

import (
	"net"
	"net/http"

	"github.com/tanist-dev/tanist/httpserver"
)

// Each attempt to read the metrics costs the API server a TokenReview and a SubjectAccessReview, and a failed one a line of the log. What one
// address may cost is limited before. Prometheus reads once in some seconds.
const (
	readsPerSecond = 10
	readsAtOnce    = 50
	// knownReaders is how many addresses are remembered. One that is forgotten may read at once again.
	knownReaders = 1024
)

// limitReaders returns the handler with a limit before it. A connection above the limit is closed, so that the limit of handshakes counts too.
func limitReaders(next http.Handler) http.Handler {
	rates := httpserver.NewRateLimits[string](readsPerSecond, readsAtOnce, knownReaders)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		host, _, err := net.SplitHostPort(request.RemoteAddr)
		if err != nil {
			host = request.RemoteAddr
		}
		if !rates.Admit(host) {
			w.Header().Set("Connection", "close")
			http.Error(w, "too many requests from this address", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, request)
	})
}
