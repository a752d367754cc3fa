package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// maxUnready is the longest time for which a request may take the readiness away or make the server hang, or after which it may take effect.
const maxUnready = 10 * time.Minute

// CrashCode is the exit code of a program whose Serve returned ErrCrash.
const CrashCode = 3

// ErrCrash is returned by Serve when a request asked for a crash. The program must exit at once, with CrashCode.
var ErrCrash = errors.New("told to crash")

// Serve answers HTTP on addr as bench's own workload until ctx ends, and then returns at once, even with requests under way: Tanist's
// users have processes that stop on SIGTERM without grace. It returns ErrCrash after a request to /crash.
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
	mu          sync.Mutex
	unreadyTill time.Time
}

// newServer answers / with its host name and /healthz with its readiness. POST /unready?for=3s takes the readiness away for a while,
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
		if !ready.at(now()) {
			http.Error(w, "told to be unready", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /unready", func(w http.ResponseWriter, r *http.Request) {
		duration, err := durationOf(r, "for")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ready.lose(now().Add(duration))
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
	return frozen.blocks(mux)
}

// durationOf returns a duration that a request must have.
func durationOf(r *http.Request, name string) (time.Duration, error) {
	duration, err := time.ParseDuration(r.FormValue(name))
	if err != nil || duration <= 0 || duration > maxUnready {
		return 0, fmt.Errorf("%s must be a duration up to %s", name, maxUnready)
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

// begin makes the server hang for a while. If two requests come at once, the first one's duration counts. One that comes during a hang waits
// for its end and then begins the next.
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

func (f *freeze) blocks(next http.Handler) http.Handler {
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

func (r *readiness) at(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.unreadyTill)
}

func (r *readiness) lose(until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreadyTill = until
}
