package traffic

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestServer(t *testing.T) {
	type request struct {
		method, path string
		later        time.Duration // Since the request before.
		wantStatus   int
		wantBody     string
	}
	tests := map[string]struct {
		requests    []request
		wantCrashed bool
	}{
		"says who answers": {requests: []request{{method: "GET", path: "/", wantStatus: 200, wantBody: "pod-1\n"}}},
		"is ready":         {requests: []request{{method: "GET", path: "/healthz", wantStatus: 200}}},
		"is unready for a while, and answers nevertheless": {requests: []request{
			{method: "POST", path: "/unready?for=3s", wantStatus: 202},
			{method: "GET", path: "/healthz", later: 2 * time.Second, wantStatus: 503, wantBody: "told to be unready\n"},
			{method: "GET", path: "/", wantStatus: 200, wantBody: "pod-1\n"},
			{method: "GET", path: "/healthz", later: time.Second, wantStatus: 200},
		}},
		"does not lose readiness by a GET, for nonsense, or for ever": {requests: []request{
			{method: "GET", path: "/unready?for=3s", wantStatus: 200, wantBody: "pod-1\n"},
			{method: "POST", path: "/unready", wantStatus: 400, wantBody: "for must be a duration up to 10m0s\n"},
			{method: "POST", path: "/unready?for=1h", wantStatus: 400, wantBody: "for must be a duration up to 10m0s\n"},
			{method: "GET", path: "/healthz", wantStatus: 200},
		}},
		"crashes on demand": {
			requests: []request{{method: "POST", path: "/crash", wantStatus: 202}}, wantCrashed: true,
		},
		"does not hang by a GET, for nonsense, or for ever": {requests: []request{
			{method: "GET", path: "/freeze?for=3s", wantStatus: 200, wantBody: "pod-1\n"},
			{method: "POST", path: "/freeze", wantStatus: 400, wantBody: "for must be a duration up to 10m0s\n"},
			{method: "POST", path: "/freeze?for=1h", wantStatus: 400, wantBody: "for must be a duration up to 10m0s\n"},
			{method: "GET", path: "/", wantStatus: 200, wantBody: "pod-1\n"},
		}},
		"does not crash by a GET": {
			requests: []request{{method: "GET", path: "/crash", wantStatus: 200, wantBody: "pod-1\n"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now, crashed := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), false
			handler := newServer("pod-1", func() time.Time { return now }, func() { crashed = true })
			for _, r := range test.requests {
				now = now.Add(r.later)
				answer := httptest.NewRecorder()
				request := httptest.NewRequestWithContext(t.Context(), r.method, r.path, http.NoBody)
				handler.ServeHTTP(answer, request)
				if answer.Code != r.wantStatus || answer.Body.String() != r.wantBody {
					t.Errorf("%s %s: %d %q, want %d %q", r.method, r.path, answer.Code, answer.Body, r.wantStatus, r.wantBody)
				}
			}
			if crashed != test.wantCrashed {
				t.Errorf("crashed = %v, want %v", crashed, test.wantCrashed)
			}
		})
	}
}

func TestTheServerDoesLaterWhatItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crashed, began := make(chan time.Duration, 1), time.Now()
		handler := newServer("pod-1", time.Now, func() { crashed <- time.Since(began) })
		ask := func(method, path string) int {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
			return answer.Code
		}
		if got := ask("POST", "/freeze?for=3s&after=500ms"); got != http.StatusAccepted {
			t.Errorf("status %d, want 202", got)
		}
		<-time.After(400 * time.Millisecond)
		if got := ask("GET", "/"); got != http.StatusOK || time.Since(began) != 400*time.Millisecond {
			t.Errorf("status %d after %s, want 200 before the server hangs", got, time.Since(began))
		}
		<-time.After(200 * time.Millisecond)
		if got := ask("GET", "/"); got != http.StatusOK || time.Since(began) != 3500*time.Millisecond {
			t.Errorf("status %d after %s, want 200 after 3.5s", got, time.Since(began))
		}
		if got := ask("POST", "/crash?after=500ms"); got != http.StatusAccepted || len(crashed) > 0 {
			t.Errorf("status %d, %d crashes, want 202 before the crash", got, len(crashed))
		}
		if got := <-crashed; got != 4*time.Second {
			t.Errorf("crashed after %s, want 4s", got)
		}
		if got := ask("POST", "/crash?after=1h"); got != http.StatusBadRequest {
			t.Errorf("status %d for too long a time, want 400", got)
		}
	})
}

func TestTheServerHangsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newServer("pod-1", time.Now, func() {})
		began := time.Now()
		for _, r := range []struct{ method, path string }{{"POST", "/freeze?for=3s"}, {"GET", "/healthz"}, {"GET", "/"}} {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), r.method, r.path, http.NoBody))
			if r.method == "POST" && time.Since(began) > 0 {
				t.Errorf("the server took %s to say that it will hang", time.Since(began))
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the server answered after %s, want 3s", took)
		}
	})
}
