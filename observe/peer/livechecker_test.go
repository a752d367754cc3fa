package peer

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
)

// newChecker returns a LiveChecker of an API server with this handler, which offers HTTP/2 too, as all do.
func newChecker(t *testing.T, handler http.HandlerFunc) (*LiveChecker, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	connections, err := NewConnections(&rest.Config{
		Host: server.URL + "/base", BearerToken: "token",
		TLSClientConfig: rest.TLSClientConfig{CAData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
	})
	if err != nil {
		t.Fatal(err)
	}
	checker, err := connections.NewLiveChecker()
	if err != nil {
		t.Fatal(err)
	}
	return checker, server
}

func TestAnyAnswerButAnInternalErrorIsOne(t *testing.T) {
	for status, alive := range map[int]bool{
		http.StatusOK: true, http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusNotFound: true,
		http.StatusTooManyRequests: true, http.StatusInternalServerError: false, http.StatusServiceUnavailable: false,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			checker, _ := newChecker(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/base/livez" || r.Header.Get("Authorization") != "Bearer token" {
					t.Errorf("it gets %s as %q", r.URL, r.Header.Get("Authorization"))
				}
				w.WriteHeader(status)
			})
			if err := checker.Check(t.Context()); (err == nil) != alive {
				t.Errorf("got the error %v", err)
			}
		})
	}
}

func TestAnAPIServerThatIsGone(t *testing.T) {
	checker, server := newChecker(t, nil)
	server.Close()
	if err := checker.Check(t.Context()); err == nil {
		t.Error("an API server that is gone answers")
	}
}

func TestACheckAfterOneThatFailedHasANewConnection(t *testing.T) {
	for name, fail := range map[string]func(w http.ResponseWriter, end <-chan struct{}){
		"no answer": func(_ http.ResponseWriter, end <-chan struct{}) { <-end },
		"an internal error": func(w http.ResponseWriter, _ <-chan struct{}) {
			http.Error(w, "etcd is lost", http.StatusInternalServerError)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				mu     sync.Mutex
				failed string // the connection that leads to an API server that fails
				other  bool
			)
			end := make(chan struct{})
			defer close(end)
			checker, _ := newChecker(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				if failed == "" {
					failed = r.RemoteAddr
				}
				fails := failed == r.RemoteAddr
				other = other || !fails
				mu.Unlock()
				if fails {
					fail(w, end)
				}
			})
			if err := checker.Check(t.Context()); err == nil {
				t.Error("an API server that fails is alive")
			}
			if err := checker.Check(t.Context()); err != nil {
				t.Errorf("the next check does not reach the API server: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !other {
				t.Error("the next check has the same connection")
			}
		})
	}
}
