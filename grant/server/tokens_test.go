package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Review implements Reviewer: the token of a pod is its name.
func (w *testCluster) Review(_ context.Context, token string) (Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reviews++
	switch {
	case w.err != nil:
		return Pod{}, w.err
	case strings.HasPrefix(token, "bad"):
		return Pod{}, ErrToken
	}
	return podNamed(token), nil
}

// askWith asks over TLS with a token, from an address that is no pod's.
func askWith(t *testing.T, s *Server, token string) (status int, said string) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/me", nil)
	request.RemoteAddr, request.TLS = "10.200.0.1:1", &tls.ConnectionState{}
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	s.podHandler().ServeHTTP(recorder, request)
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

func TestAPodIsKnownByItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		for range 3 {
			if status, said := askWith(t, s, "a"); status != http.StatusOK || !strings.Contains(said, `"pod":"a"`) || !strings.Contains(said, `"validForMilliseconds":2000`) {
				t.Errorf("the leader is answered %d: %s", status, said)
			}
		}
		if status, said := askWith(t, s, "b"); status != http.StatusOK || strings.Contains(said, "validFor") {
			t.Errorf("another pod is answered %d: %s", status, said)
		}
		if w.reviews != 2 {
			t.Errorf("two tokens were reviewed %d times", w.reviews)
		}
		<-time.After(reviewedFor)
		askWith(t, s, "a")
		if w.reviews != 3 {
			t.Errorf("after a while, there were %d reviews, want 3", w.reviews)
		}
	})
}

func TestATokenIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		for token, want := range map[string]int{"bad": 401, "": 401, "a": 200, "gone": 403} {
			if status, said := askWith(t, s, token); status != want {
				t.Errorf("the token %q is answered %d: %s", token, status, said)
			}
		}
		w.mu.Lock()
		w.err = errors.New("secret of the API server")
		w.mu.Unlock()
		if status, said := askWith(t, s, "new"); status != http.StatusServiceUnavailable || strings.Contains(said, "secret") {
			t.Errorf("while the API server is away, a new token is answered %d: %s", status, said)
		}
	})
}

// TestATokenIsForTLSOnly: over plain HTTP it counts for nothing, not even from the pod's own address, so that nobody gets used to that.
func TestATokenIsForTLSOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/me", nil)
		request.RemoteAddr = "10.1.0.1:1"
		request.Header.Set("Authorization", "bearer a")
		recorder := httptest.NewRecorder()
		w.replicas[0].Handler().ServeHTTP(recorder, request)
		if recorder.Code != http.StatusUnauthorized || w.reviews != 0 {
			t.Errorf("it is answered %d, after %d reviews", recorder.Code, w.reviews)
		}
	})
}

// TestReplicasAreNotHeardOverTLS: what is behind that port may be one address for all.
func TestReplicasAreNotHeardOverTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 2)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, stepDownPath, strings.NewReader("{}"))
		request.RemoteAddr, request.TLS = addressOf(1).String(), &tls.ConnectionState{}
		recorder := httptest.NewRecorder()
		w.replicas[0].podHandler().ServeHTTP(recorder, request)
		if recorder.Code != http.StatusNotFound {
			t.Errorf("it is answered %d", recorder.Code)
		}
	})
}

// TestTokensAreLimited: the limit of an address is for tokens that nobody knows yet. Each pod behind it has its own for requests.
func TestTokensAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestCluster(t, 1)
		s := w.replicas[0]
		askWith(t, s, "a")
		askWith(t, s, "b")
		limited := 0
		for i := range 2 * requestsAtOnce {
			if status, _ := askWith(t, s, fmt.Sprint("bad", i)); status == http.StatusTooManyRequests {
				limited++
			}
		}
		if w.reviews > requestsAtOnce || limited == 0 {
			t.Errorf("%d reviews at once, %d refused", w.reviews, limited)
		}
		for range requestsAtOnce - 1 {
			if status, said := askWith(t, s, "a"); status != http.StatusOK {
				t.Fatalf("a known token is answered %d: %s", status, said)
			}
		}
		if status, _ := askWith(t, s, "a"); status != http.StatusTooManyRequests {
			t.Errorf("a pod that asks too often is answered %d", status)
		}
		if status, _ := askWith(t, s, "b"); status != http.StatusOK {
			t.Errorf("another pod is answered %d", status)
		}
	})
}
