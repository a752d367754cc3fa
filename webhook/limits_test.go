package webhook

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/tanist-dev/tanist/config"
)

func newTestLimiter(t *testing.T, l limits, next http.HandlerFunc) *limiter {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return newLimiter(hookServices, l, m, next)
}

// chunked hides the length of a body.
type chunked struct{ io.Reader }

func TestTheSizeOfBodies(t *testing.T) {
	const most = 10
	for name, test := range map[string]struct {
		body io.Reader
		want int
	}{
		"as large as allowed":                  {strings.NewReader(strings.Repeat("x", most)), http.StatusOK},
		"too large":                            {strings.NewReader(strings.Repeat("x", most+1)), http.StatusRequestEntityTooLarge},
		"of unknown length":                    {chunked{strings.NewReader(strings.Repeat("x", most))}, http.StatusOK},
		"of unknown length, and too large":     {chunked{strings.NewReader(strings.Repeat("x", most+1))}, http.StatusRequestEntityTooLarge},
		"an empty one, of unknown length, too": {chunked{strings.NewReader("")}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTestLimiter(t, limits{body: most, calls: 1, bytes: most}, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || int64(len(body)) != r.ContentLength || strings.Trim(string(body), "x") != "" {
					t.Errorf("got %q (%v)", body, err)
				}
			})
			for range 3 { // what one call uses is given back
				recorder := httptest.NewRecorder()
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", test.body)
				l.ServeHTTP(recorder, request)
				if recorder.Code != test.want {
					t.Fatalf("got status %d, want %d", recorder.Code, test.want)
				}
				if seeker, ok := test.body.(io.Seeker); ok {
					_, _ = seeker.Seek(0, io.SeekStart)
				} else {
					break
				}
			}
		})
	}
}

func TestTooManyCallsAtOnce(t *testing.T) {
	for name, l := range map[string]limits{
		"by number": {body: 10, calls: 2, bytes: 1000},
		"by bytes":  {body: 10, calls: 1000, bytes: 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				l := newTestLimiter(t, l, func(http.ResponseWriter, *http.Request) { <-release })
				call := func() int {
					recorder := httptest.NewRecorder()
					l.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("0123456789")))
					return recorder.Code
				}
				var group sync.WaitGroup
				for range 2 {
					group.Go(func() {
						if status := call(); status != http.StatusOK {
							t.Errorf("got status %d", status)
						}
					})
				}
				synctest.Wait()
				if status := call(); status != http.StatusTooManyRequests {
					t.Errorf("got status %d for one call more, want 429", status)
				}
				if got := testutil.ToFloat64(l.metrics.rejected.WithLabelValues(hookServices, causeTooMany)); got != 1 {
					t.Errorf("%v calls are counted", got)
				}
				waits := make(chan int, 1)
				go func() { waits <- call() }()
				synctest.Wait()
				close(release)
				group.Wait()
				if status := <-waits; status != http.StatusOK {
					t.Errorf("a call that waited for others got status %d", status)
				}
			})
		})
	}
}

// newSlowFront returns a front that answers departures at once, and all other calls after the release.
func newSlowFront(t *testing.T, release <-chan struct{}, calls ...admissionregistrationv1.WebhookClientConfig) *front {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	paths := NewPaths(nil)
	paths.Set(calls)
	return newFront(paths, m, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != config.PathDepartures {
			<-release
		}
	}))
}

// TestAFloodOfOneWebhookLeavesTheOthers: each webhook has a share of its own.
func TestAFloodOfOneWebhookLeavesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := newSlowFront(t, release, callsWith(testSecret)...)
		call := func(path string) int {
			recorder := httptest.NewRecorder()
			f.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+testSecret+path, strings.NewReader("x")))
			return recorder.Code
		}
		var group sync.WaitGroup
		for _, path := range config.WebhookPaths {
			if path == config.PathDepartures {
				continue
			}
			for range limitsOf[hookPaths[path]].calls {
				group.Go(func() { call(path) })
			}
		}
		synctest.Wait()
		if status := call(config.PathServices); status != http.StatusTooManyRequests {
			t.Errorf("got status %d from the webhook that is flooded", status)
		}
		if status := call(config.PathDepartures); status != http.StatusOK {
			t.Errorf("got status %d from departures", status)
		}
		close(release)
		group.Wait()
	})
}

// TestAFloodLeavesTheOthersWithoutASecret: the calls of all webhooks come at one path then, and each still has its share.
func TestAFloodLeavesTheOthersWithoutASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := newSlowFront(t, release, callAt(pathAny))
		call := func(resource, operation string) int {
			recorder := httptest.NewRecorder()
			review := fmt.Sprintf(`{"request": {"resource": {"resource": %q}, "operation": %q}}`, resource, operation)
			f.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, pathAny, strings.NewReader(review)))
			return recorder.Code
		}
		var group sync.WaitGroup
		for range 2 * limitsOf[hookAny].calls {
			group.Go(func() { call("services", "CREATE") })
		}
		synctest.Wait()
		if status := call("services", "CREATE"); status != http.StatusTooManyRequests {
			t.Errorf("got status %d from the webhook that is flooded", status)
		}
		if status := call("pods", "DELETE"); status != http.StatusOK {
			t.Errorf("got status %d from departures", status)
		}
		close(release)
		group.Wait()
	})
}

// pipes is a listener whose connections are in memory, with fake time.
type pipes struct{ connections chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	connection, open := <-p.connections
	if !open {
		return nil, net.ErrClosed
	}
	return connection, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func TestAStalledUploadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTestLimiter(t, limits{body: 100, calls: 1, bytes: 100}, func(http.ResponseWriter, *http.Request) {})
		listener := pipes{make(chan net.Conn)}
		server := &http.Server{Handler: l}
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		post := func(length int, body string) int {
			client, connection := net.Pipe()
			defer client.Close()
			listener.connections <- connection
			go fmt.Fprintf(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", length, body)
			response, err := http.ReadResponse(bufio.NewReader(client), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			return response.StatusCode
		}
		if status := post(100, "x"); status != http.StatusRequestTimeout {
			t.Errorf("got status %d, want 408", status)
		}
		if got := testutil.ToFloat64(l.metrics.rejected.WithLabelValues(hookServices, causeTooSlow)); got != 1 {
			t.Errorf("%v calls are counted", got)
		}
		if status := post(101, ""); status != http.StatusRequestEntityTooLarge {
			t.Errorf("got status %d for a body that is too large and never comes, want 413", status)
		}
		if status := post(1, "x"); status != http.StatusOK { // the stalled one has given back what it used
			t.Errorf("got status %d for the next call", status)
		}
		close(listener.connections)
		if err := <-done; err == nil {
			t.Error("the server has ended without its listener")
		}
	})
}
