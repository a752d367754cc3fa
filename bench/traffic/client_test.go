package traffic

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// totals lets a client send about so many requests to a URL and returns what it saw.
func totals(t *testing.T, url string, requests int) Totals {
	t.Helper()
	config := Config{URL: url, Rate: MaxRate - 1, MaxRequests: requests, MaxTime: time.Minute}
	var windows []Window
	if err := Send(t.Context(), config, func(w Window) error { windows = append(windows, w); return nil }); err != nil {
		t.Fatalf("Send: %v", err)
	}
	return sum(windows)
}

func TestSend(t *testing.T) {
	tests := map[string]struct {
		handler    http.HandlerFunc
		wantOK     bool
		wantErrors string
	}{
		"an answer is a success": {
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("pod-1\n")) }, wantOK: true,
		},
		"a page that is not there is an answer": {handler: http.NotFound, wantOK: true},
		"a redirect is an answer and is not followed": {
			handler: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
			}, wantOK: true,
		},
		"a server's error is a failure": {
			handler:    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
			wantErrors: "status",
		},
		"a connection that closes without an answer is a failure": {
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, wantErrors: "closed",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			got := totals(t, server.URL, 20)
			if total := got.OK + got.Failed; total < 20 || total > 25 {
				t.Errorf("%d requests, want about 20", total)
			}
			if test.wantOK && got.Failed > 0 || !test.wantOK && got.OK > 0 {
				t.Errorf("got %+v", got)
			}
			if got.Errors[test.wantErrors] != got.Failed {
				t.Errorf("errors = %v, want all %q", got.Errors, test.wantErrors)
			}
		})
	}
}

func TestSendOpensConnections(t *testing.T) {
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	got := totals(t, server.URL, 20)
	if want := got.Fresh.OK + 1; opened.Load() != want {
		t.Errorf("%d connections for %d fresh and %d kept requests, want %d", opened.Load(), got.Fresh.OK, got.Kept.OK, want)
	}
	if got.Kept.OK < 2 {
		t.Errorf("%d requests on the kept connection, want several", got.Kept.OK)
	}
}

func TestSendToNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if got := totals(t, server.URL, 10); got.OK != 0 || got.Errors["refused"] != got.Failed {
		t.Errorf("got %+v, want only refused", got)
	}
}

func TestConfigValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"defaults are valid":   {func(*Config) {}, ""},
		"no URL":               {func(c *Config) { c.URL = "" }, "--url must not be empty"},
		"too many connections": {func(c *Config) { c.Rate = 200 }, "--rate must be from 1 to 199 new connections per second, got 200"},
		"no end":               {func(c *Config) { c.MaxRequests = 0 }, "--max-requests must be at least 1, got 0"},
		"no time":              {func(c *Config) { c.MaxTime = 0 }, "--max-time must be longer than 0s, got 0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := DefaultConfig()
			config.URL = "http://192.0.2.1/"
			test.change(&config)
			got := ""
			if err := config.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("error = %q, want %q", got, test.want)
			}
		})
	}
}

func TestSendRecoversFromAPodThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
		pipes := &pipeListener{connections: make(chan net.Conn), closed: make(chan struct{})}
		go func() { _ = server.Serve(pipes) }()
		// For two seconds, what is sent to the pod's address is lost, as long as anyone waits for it.
		connect := func(ctx context.Context, _, _ string) (net.Conn, error) {
			if time.Since(began) < 2*time.Second {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			ours, theirs := net.Pipe()
			select {
			case pipes.connections <- theirs:
				return ours, nil
			case <-pipes.closed: // The traffic has ended, and with it the request that this connection was opened for.
				return nil, net.ErrClosed
			}
		}
		var windows []Window
		config := Config{URL: "http://pod/", Rate: 100, MaxRequests: 1000, MaxTime: 5 * time.Second}
		both := dialers{freshRequest: connect, keptRequest: connect}
		err := send(t.Context(), config, both, func(w Window) error { windows = append(windows, w); return nil })
		if err != nil {
			t.Fatal(err)
		}
		got := sum(windows)
		if got.LongestGapMs > 3100 || got.Errors["timeout"] != got.Failed || got.Failed == 0 {
			t.Errorf("longest gap %v ms, errors %v, want timeouts until the pod's address is served again", got.LongestGapMs, got.Errors)
		}
		if got.Fresh.OK < 150 || got.Kept.OK < 35 {
			t.Errorf("%d and %d successes in the last two seconds, want as many as the rate says", got.Fresh.OK, got.Kept.OK)
		}
		_ = server.Close()
	})
}

// pipeListener accepts connections within a synctest bubble.
type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.connections:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
