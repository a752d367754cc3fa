package leader

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// validFor is for how long a grant of the tests lasts. Their time is that of testing/synctest, but the machine's clock counts too (see moment): the
// grant lasts longer than a test may be kept waiting for a processor.
const validFor = time.Minute

// patience is how long a test waits for what is to happen.
const patience = 5 * time.Minute

// tanist answers as Tanist does.
type tanist struct {
	mu sync.Mutex
	// said is the answer to each request.
	said service
	// version is that of the answer, and changed is closed when there is another.
	version, pod string
	changed      chan struct{}
	// late is how many requests for a grant are answered with before, as by a replica that is behind.
	late   int
	before service
	// away is whether no request is answered.
	away bool
	// released is what a step-down is answered, and stepDowns are the parameters of each.
	released  bool
	stepDowns []string
	sessions  map[string]bool
	// token is what requests must show; empty for nothing.
	token string
}

func newTanist() *tanist {
	return &tanist{version: "1", pod: "db-0", changed: make(chan struct{}), released: true, sessions: map[string]bool{}}
}

// RoundTrip implements http.RoundTripper: a request takes no network, so that time can stand still meanwhile.
func (f *tanist) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	f.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

func (f *tanist) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refused := f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token
	f.mu.Unlock()
	switch asked := r.Method + " " + r.URL.Path; {
	case refused:
		http.Error(w, "no", http.StatusUnauthorized)
	case asked == "GET /v1/me":
		f.me(w, r)
	case asked == "POST /v1/me/stepdown":
		f.stepDown(w, r)
	default:
		http.NotFound(w, r)
	}
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
		if f.late > 0 {
			f.late--
			said = f.before
		}
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
	f.before = f.said
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
	l, err := New(Options{URL: "http://tanist", Pod: "db-0"})
	if err != nil {
		t.Fatal(err)
	}
	l.client.http.Transport = f
	return l, statesOf(t, l)
}

// statesOf watches until the test ends.
func statesOf(t *testing.T, l *Leadership) <-chan State {
	t.Helper()
	states := make(chan State, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for state := range l.Watch(t.Context()) {
			states <- state
		}
	}()
	t.Cleanup(func() { <-ended })
	return states
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
