package app

import (
	"net"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	"k8s.io/utils/lru"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// Each attempt to read the metrics costs the API server a TokenReview and a SubjectAccessReview, and a failed one a line of the log. What one
// address may cost is limited before. Prometheus reads once in some seconds.
const (
	readsPerSecond = 10
	readsAtOnce    = 50
	// knownReaders is how many addresses are remembered. One that is forgotten may read at once again.
	knownReaders = 1024
)

// readers limits how often each address reads the metrics.
type readers struct {
	mu       sync.Mutex
	limiters *lru.Cache
}

// limited returns the filter with a limit before it.
func limited(filter func() (metricsserver.Filter, error)) (metricsserver.Filter, error) {
	inner, err := filter()
	if err != nil {
		return nil, err
	}
	r := &readers{limiters: lru.New(knownReaders)}
	return func(log logr.Logger, handler http.Handler) (http.Handler, error) {
		next, err := inner(log, handler)
		if err != nil {
			return nil, err
		}
		return r.limit(next), nil
	}, nil
}

func (r *readers) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !r.admit(request.RemoteAddr) {
			http.Error(w, "too many requests from this address", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, request)
	})
}

func (r *readers) admit(remote string) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter, ok := r.limiters.Get(host)
	if !ok {
		limiter = rate.NewLimiter(readsPerSecond, readsAtOnce)
		r.limiters.Add(host, limiter)
	}
	return limiter.(*rate.Limiter).Allow()
}
