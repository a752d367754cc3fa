package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxUnready bounds what a request for a lost readiness may ask for.
const maxUnready = 10 * time.Minute

// crashCode is the exit code of a server that was told to crash.
const crashCode = 3

// ErrCrash is returned by Serve when a request asked for a crash; the program must exit with CrashCode, at once.
var ErrCrash = errors.New("told to crash")

// CrashCode is the exit code for ErrCrash.
func CrashCode() int { return crashCode }

// Serve answers HTTP on addr as the workload of a bench does, until ctx ends, and then returns at once with requests under way:
// a process that stops on SIGTERM without grace is what Tanist's users have. It returns ErrCrash after a request to /crash.
func Serve(ctx context.Context, addr, hostname string) error {
	crashed := make(chan struct{})
	server := &http.Server{
		Addr: addr, Handler: newServer(hostname, time.Now, sync.OnceFunc(func() { close(crashed) })),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case <-ctx.Done():
		return nil
	case <-crashed:
		return ErrCrash
	case err := <-failed:
		return fmt.Errorf("failed to serve: %w", err)
	}
}

// readiness is what /healthz says.
type readiness struct {
	mu   sync.Mutex
	lost time.Time // Until when readiness is lost.
}

// newServer answers / with its host name and /healthz with its readiness. POST /unready?for=3s takes the readiness away for a
// while, POST /crash calls crash. What the server says of itself does not change how it answers /: a probe's failure alone is
// measured.
func newServer(hostname string, now func() time.Time, crash func()) http.Handler {
	var ready readiness
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, hostname)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.at(now()) {
			http.Error(w, "told to be unready", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /unready", func(w http.ResponseWriter, r *http.Request) {
		lasting, err := time.ParseDuration(r.FormValue("for"))
		if err != nil || lasting <= 0 || lasting > maxUnready {
			http.Error(w, "for must be a duration up to "+maxUnready.String(), http.StatusBadRequest)
			return
		}
		ready.lose(now().Add(lasting))
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /crash", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusAccepted)
		_ = http.NewResponseController(w).Flush()
		crash()
	})
	return mux
}

func (r *readiness) at(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.lost)
}

func (r *readiness) lose(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = until
}
