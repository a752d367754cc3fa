package traffic

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testServer is a server that may have an outage. Connections to it are pipes, so that it runs in a synctest bubble.
type testServer struct {
	http.Server
	// from and to are when the outage begins and ends.
	from, to time.Time
	// answers and connects are what becomes of requests and of connections meanwhile; nil is what becomes of them at other times.
	answers  func(s *testServer, r *http.Request)
	connects func(ctx context.Context) error

	connections chan net.Conn
	closed      chan struct{}
	closeOnce   sync.Once
}

// start starts the server. The caller must close it.
func (s *testServer) start(began time.Time) {
	s.from, s.to = began.Add(outageAfter), began.Add(outageAfter+outageFor)
	s.connections, s.closed = make(chan net.Conn), make(chan struct{})
	s.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s.answers != nil && s.isOut() {
			s.answers(s, r)
		}
	})
	go func() { _ = s.Serve(pipes{s}) }()
}

func (s *testServer) isOut() bool {
	now := time.Now()
	return !now.Before(s.from) && now.Before(s.to)
}

// dial opens a connection.
func (s *testServer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.connects != nil && s.isOut() {
		return nil, s.connects(ctx)
	}
	ours, theirs := net.Pipe()
	select {
	case s.connections <- theirs:
		return ours, nil
	case <-s.closed: // The client has ended, and with it the request that this connection was opened for.
		return nil, net.ErrClosed
	}
}

// pipes is the listener of a testServer.
type pipes struct{ *testServer }

func (p pipes) Accept() (net.Conn, error) {
	select {
	case connection := <-p.connections:
		return connection, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	p.closeOnce.Do(func() { close(p.closed) })
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// never answers nothing, for as long as anyone waits.
func never(_ *testServer, r *http.Request) { <-r.Context().Done() }

// atTheEnd answers when the outage is over.
func atTheEnd(s *testServer, r *http.Request) {
	select {
	case <-time.After(time.Until(s.to)):
	case <-r.Context().Done():
	}
}

// lost is a connection attempt that nobody answers.
func lost(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// refused is one that nobody listens for.
func refused(context.Context) error { return syscall.ECONNREFUSED }

// Requests are sent for so long: one on a new connection every 20 ms, and one on a kept connection every 80 ms. None is due when the outage
// begins or ends, or when the client does, and none on a kept connection is due when another one's time is over.
const (
	outageAfter = 1005 * time.Millisecond
	outageFor   = 2 * time.Second
	sentFor     = 5005 * time.Millisecond
	sentRate    = 50
)

// sentTo lets a client send requests and returns what it saw.
func sentTo(t *testing.T, connect dialers) Totals {
	t.Helper()
	var windows []Window
	config := Config{URL: "http://pod/", Rate: sentRate, MaxRequests: 1_000_000, MaxTime: sentFor}
	if err := send(t.Context(), config, connect, func(w Window) error { windows = append(windows, w); return nil }); err != nil {
		t.Fatal(err)
	}
	return sum(windows)
}

func TestOutage(t *testing.T) {
	// All requests that are due in the two seconds fail. The longest gap is from the last success before until the first one after them.
	fresh, kept := Count{OK: 151, Failed: 100, LongestGapMs: 2020}, Count{OK: 38, Failed: 25, LongestGapMs: 2080}
	unhurt := Count{OK: 63, LongestGapMs: 80}
	tests := map[string]struct {
		server      *testServer
		fresh, kept Count
		wantErrors  map[string]int64
	}{
		"each request that is due while nobody answers fails once": {
			server: &testServer{answers: never}, fresh: fresh, kept: kept, wantErrors: map[string]int64{"timeout": 125},
		},
		"so does each that cannot connect, but none on the connection that was kept": {
			server: &testServer{connects: lost}, fresh: fresh, kept: unhurt, wantErrors: map[string]int64{"timeout": 100},
		},
		"if neither is possible, as when a node loses power, requests that wait for a connection get the first one that is kept afterwards": {
			server: &testServer{answers: never, connects: lost}, fresh: fresh,
			kept:       Count{OK: 50, Failed: 13, LongestGapMs: 2080, SlowestMs: 960},
			wantErrors: map[string]int64{"timeout": 113},
		},
		"a refusal comes at once, and no further request because of that": {
			server: &testServer{connects: refused}, fresh: fresh, kept: unhurt, wantErrors: map[string]int64{"refused": 100},
		},
		"an answer is slow, and no failure, if it comes within a second of when its request was due": {
			server:     &testServer{answers: atTheEnd},
			fresh:      Count{OK: 201, Failed: 50, LongestGapMs: 2005, SlowestMs: 985},
			kept:       Count{OK: 50, Failed: 13, LongestGapMs: 2045, SlowestMs: 925},
			wantErrors: map[string]int64{"timeout": 63},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.server.start(time.Now())
				got := sentTo(t, dialers{freshRequest: test.server.dial, keptRequest: test.server.dial})
				_ = test.server.Close()
				both := test.fresh.Plus(test.kept)
				want := Totals{
					OK: both.OK, Failed: both.Failed, LongestGapMs: both.LongestGapMs, SlowestMs: both.SlowestMs,
					Fresh: test.fresh, Kept: test.kept, Errors: test.wantErrors,
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("traffic (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestSendOpensConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var server testServer
		server.start(time.Now())
		counting := func(opened *atomic.Int64) dial {
			return func(ctx context.Context, network, address string) (net.Conn, error) {
				opened.Add(1)
				return server.dial(ctx, network, address)
			}
		}
		var fresh, kept atomic.Int64
		got := sentTo(t, dialers{freshRequest: counting(&fresh), keptRequest: counting(&kept)})
		_ = server.Close()
		if fresh.Load() != got.Fresh.OK || kept.Load() != 1 {
			t.Errorf("%d connections for %d requests that open one, and %d for those that keep one, want as many and 1",
				fresh.Load(), got.Fresh.OK, kept.Load())
		}
	})
}

func TestARequestThatTheClientIsTooLateForIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(freshRequest, func(context.Context, string, string) (net.Conn, error) {
			t.Error("the request was sent")
			return nil, net.ErrClosed
		})
		due := time.Now().Add(-requestTimeout)
		if got := sendRequest(t.Context(), client, "http://pod/", due); got != "late" {
			t.Errorf("the request failed because of %q, want late", got)
		}
	})
}
