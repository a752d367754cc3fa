package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxDuration limits what a request may ask for: for how long /healthz fails or the server hangs, and after which time that begins.
const maxDuration = 10 * time.Minute

// CrashCode is the exit code of a program whose Serve returned ErrCrash.
const CrashCode = 3

// ErrCrash is returned by Serve when a request asked for a crash. The program must exit at once, with CrashCode.
var ErrCrash = errors.New("told to crash")

// Serve answers HTTP on addr as bench's own workload until ctx ends, and then returns at once, even with requests under way: many
// programs exit so on SIGTERM, and this one stands for them. It returns ErrCrash after a request to /crash.
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

// readiness is what /healthz reports.
type readiness struct {
	mu           sync.Mutex
	unreadyUntil time.Time
}

// newServer answers / with its host name and /healthz with its readiness. POST /unready?for=3s makes /healthz fail for a while,
// POST /crash calls crash. An unready server answers / as before, so that only the probe's failure is measured. POST /freeze?for=10s makes it
// answer nothing for a while. With after=500ms, a crash or a hang begins so long after the request, whose answer is then not cut short.
func newServer(hostname string, now func() time.Time, crash func()) http.Handler {
	var ready readiness
	var frozen freeze
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, hostname)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.isReady(now()) {
			http.Error(w, "told to be unready", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /unready", func(w http.ResponseWriter, r *http.Request) {
		duration, err := durationOf(r, "for")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ready.failUntil(now().Add(duration))
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /crash", func(w http.ResponseWriter, r *http.Request) {
		acceptAndDo(w, r, crash)
	})
	mux.HandleFunc("POST /freeze", func(w http.ResponseWriter, r *http.Request) {
		duration, err := durationOf(r, "for")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		acceptAndDo(w, r, func() { frozen.begin(duration) })
	})
	return frozen.wrap(mux)
}

// durationOf returns a duration that a request must have.
func durationOf(r *http.Request, name string) (time.Duration, error) {
	duration, err := time.ParseDuration(r.FormValue(name))
	if err != nil || duration <= 0 || duration > maxDuration {
		return 0, fmt.Errorf("%s must be a duration up to %s", name, maxDuration)
	}
	return duration, nil
}

// acceptAndDo answers a request and then does what it asks: after the time that it names, or at once.
func acceptAndDo(w http.ResponseWriter, r *http.Request, do func()) {
	var after time.Duration
	if r.FormValue("after") != "" {
		var err error
		if after, err = durationOf(r, "after"); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusAccepted)
	_ = http.NewResponseController(w).Flush()
	if after == 0 {
		do()
		return
	}
	time.AfterFunc(after, do)
}

// freeze makes a server accept requests and answer none.
type freeze struct {
	mu sync.Mutex
	// ended is closed when the server goes on; nil while it does not hang.
	ended chan struct{}
}

// begin makes the server hang for a while, unless it hangs already. A request for a hang that comes during one waits for its end like any other
// (see wrap), and begins the next one then.
func (f *freeze) begin(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended != nil {
		return
	}
	ended := make(chan struct{})
	f.ended = ended
	time.AfterFunc(d, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ended = nil
		close(ended)
	})
}

// wrap lets requests wait while the server hangs.
func (f *freeze) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		ended := f.ended
		f.mu.Unlock()
		if ended != nil {
			select {
			case <-ended:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (r *readiness) isReady(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.unreadyUntil)
}

func (r *readiness) failUntil(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreadyUntil = until
}
