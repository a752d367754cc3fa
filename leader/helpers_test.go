package leader

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// validFor is for how long a grant of the tests lasts.
const validFor = 800 * time.Millisecond

// patience is how long a test waits for what is to happen.
const patience = 30 * time.Second

// tanist answers as Tanist does.
type tanist struct {
	*httptest.Server
	mu sync.Mutex
	// said is the answer to each request.
	said service
	// version is that of the answer, and changed is closed when there is another.
	version, pod string
	changed      chan struct{}
	// away is whether no request is answered.
	away bool
	// released is what a step-down is answered, and stepDowns are the parameters of each.
	released  bool
	stepDowns []string
	sessions  map[string]bool
	// token is what requests must show; empty for nothing.
	token string
}

func newTanist(t *testing.T) *tanist { return serve(t, false) }

func serve(t *testing.T, withTLS bool) *tanist {
	t.Helper()
	f := &tanist{version: "1", pod: "db-0", changed: make(chan struct{}), released: true, sessions: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/me", f.me)
	mux.HandleFunc("POST /v1/me/stepdown", f.stepDown)
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		refused := f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token
		f.mu.Unlock()
		if refused {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	f.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that trust another CA
	if withTLS {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

func (f *tanist) me(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	for r.URL.Query().Get("wait") != "" && r.URL.Query().Get("version") == f.version {
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	if f.away {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	said := f.said
	if r.URL.Query().Get("wait") != "" {
		said.ValidForMilliseconds, said.Refused = 0, ""
	} else {
		f.sessions[r.URL.Query().Get("session")] = true
	}
	_ = json.NewEncoder(w).Encode(answer{Pod: f.pod, Version: f.version, Services: []service{said}})
}

func (f *tanist) stepDown(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	f.stepDowns = append(f.stepDowns, q.Get("service")+" "+q.Get("term"))
	_ = json.NewEncoder(w).Encode(map[string]bool{"released": f.released})
}

// say changes what is answered.
func (f *tanist) say(change func(*service)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.said)
	f.version += "1"
	close(f.changed)
	f.changed = make(chan struct{})
}

// leads has the pod lead with a grant, and other has another pod lead.
func leads(term int64) func(*service) {
	return func(s *service) {
		*s = service{Service: "db", Leads: true, Leader: "db-0", Term: term, ValidForMilliseconds: validFor.Milliseconds()}
	}
}

func other(term int64) func(*service) {
	return func(s *service) { *s = service{Service: "db", Leader: "db-1", Term: term} }
}

// watch returns the states of a leadership as they come.
func watch(t *testing.T, f *tanist) (*Leadership, <-chan State) {
	t.Helper()
	return watchWith(t, Options{URL: f.URL, Pod: "db-0"})
}

func watchWith(t *testing.T, o Options) (*Leadership, <-chan State) {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	states := make(chan State, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for state := range l.Watch(t.Context()) {
			states <- state
		}
	}()
	t.Cleanup(func() { <-ended })
	return l, states
}

// next returns the first state that is as it should be.
func next(t *testing.T, states <-chan State, what string, is func(State) bool) State {
	t.Helper()
	giveUp := time.After(patience)
	for {
		select {
		case state := <-states:
			if is(state) {
				return state
			}
		case <-giveUp:
			t.Fatalf("no state in which %s", what)
		}
	}
}
