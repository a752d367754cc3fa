package probe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe/probe"
)

// kubeletServer answers like a kubelet: over TLS, without HTTP/2, 404 to whoever asks for what it does not have.
func kubeletServer(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func dialKubelet(t testing.TB, server *httptest.Server) *probe.Kubelet {
	t.Helper()
	kubelet, err := probe.DialKubelet(within(t, plenty), addressOfServer(server), func() {})
	if err != nil {
		t.Fatalf("No connection to the kubelet: %v", err)
	}
	t.Cleanup(kubelet.Close)
	return kubelet
}

func TestKubeletIsAskedManyTimesOnOneConnection(t *testing.T) {
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Host != r.Context().Value(http.LocalAddrContextKey).(net.Addr).String() || len(r.Header) != 1 {
			t.Errorf("The kubelet was asked with the host %q and the headers %v", r.Host, r.Header)
		}
		http.NotFound(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	var logged strings.Builder
	server.Config.ErrorLog = log.New(&logged, "", 0)
	server.StartTLS()
	defer server.Close()
	kubelet := dialKubelet(t, server)
	for range 100 {
		if err := kubelet.Ask(within(t, plenty)); err != nil {
			t.Fatalf("An answer was not taken for one: %v", err)
		}
	}
	kubelet.Close()
	server.Close()
	if connections.Load() != 1 || requests.Load() != 100 {
		t.Errorf("100 questions took %d requests on %d connections", requests.Load(), connections.Load())
	}
	if logged.Len() > 0 {
		t.Errorf("The kubelet logged %q", &logged)
	}
}

func TestKubeletOfAnyTLSVersionIsAsked(t *testing.T) {
	for name, config := range map[string]*tls.Config{
		"TLS 1.2":            {MaxVersion: tls.VersionTLS12},
		"TLS 1.3":            {MinVersion: tls.VersionTLS13},
		"NIST's curves only": {CurvePreferences: []tls.CurveID{tls.CurveP384}},
		"HTTP/2 offered":     {NextProtos: []string{"h2", "http/1.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.TLS = config
			server.StartTLS()
			defer server.Close()
			if err := dialKubelet(t, server).Ask(within(t, plenty)); err != nil {
				t.Errorf("It has answered, and was not heard: %v", err)
			}
		})
	}
}

func TestKubeletThatDoesNotAnswerInTimeIsSilent(t *testing.T) {
	server := kubeletServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	for name, start := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"a deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, patience)
		},
		"a cancelled context": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(patience, cancel)
			return ctx, cancel
		},
	} {
		kubelet := dialKubelet(t, server)
		ctx, cancel := start(t.Context())
		if err := kubelet.Ask(ctx); err == nil || !errors.Is(err, ctx.Err()) || probe.Hangup(err) {
			t.Errorf("At %s, a question ends with %v", name, err)
		}
		cancel()
		if err := kubelet.Ask(within(t, plenty)); err == nil {
			t.Errorf("After %s, a connection was used again", name)
		}
		kubelet.Close()
	}
}

func TestKubeletThatIsNotTLSOrHangsUpIsAnError(t *testing.T) {
	for name, address := range map[string]func() (*probe.Kubelet, error){
		"a closed port": func() (*probe.Kubelet, error) { return probe.DialKubelet(within(t, plenty), closedPort(t), func() {}) },
		"an end before the handshake": func() (*probe.Kubelet, error) {
			return probe.DialKubelet(within(t, plenty), serve(t, func(net.Conn) {}), func() {})
		},
		"a handshake that is not answered": func() (*probe.Kubelet, error) {
			return probe.DialKubelet(within(t, patience), addressOf(listen(t)), func() {})
		},
	} {
		if kubelet, err := address(); err == nil {
			kubelet.Close()
			t.Errorf("%s is taken for a kubelet", name)
		}
	}
	server := kubeletServer(t, http.NotFoundHandler())
	kubelet := dialKubelet(t, server)
	server.CloseClientConnections()
	if err := kubelet.Ask(within(t, plenty)); !probe.Hangup(err) {
		t.Errorf("A question to a kubelet that has hung up fails with %v", err)
	}
}

func TestKubeletConnectionIsUnusableAfterAnAnswerThatIsNotUnderstood(t *testing.T) {
	for name, first := range map[string]string{
		"one without end":  "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + strings.Repeat("x", 1<<20),
		"another protocol": "SSH-2.0-OpenSSH_10.0\r\n",
	} {
		server := kubeletServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, in, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for response := first; err == nil; response = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" {
				_, _ = io.WriteString(conn, response)
				_, err = http.ReadRequest(in.Reader)
			}
		}))
		kubelet := dialKubelet(t, server)
		for _, question := range []string{"first", "second"} {
			if err := kubelet.Ask(within(t, plenty)); err == nil {
				t.Errorf("After %s, the %s question was answered", name, question)
			}
		}
		kubelet.Close()
	}
}
