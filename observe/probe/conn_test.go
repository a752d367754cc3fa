package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

func TestServerThatEndsAnIdleConnectionIsNoticed(t *testing.T) {
	for kind, start := range map[observe.ProbeKind]func(http.Handler) *httptest.Server{
		observe.ProbeHTTP: httptest.NewServer, observe.ProbeHTTPS: httptest.NewTLSServer,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server := start(http.NotFoundHandler())
			defer server.Close()
			conn := dial(t, observe.Probe{Kind: kind, Address: addressOfServer(server)})
			ask(t, conn)
			select {
			case <-conn.Ended():
				t.Fatal("The connection is said to have ended, and it stands")
			default:
			}
			server.CloseClientConnections()
			waitForEnd(t, conn)
			if err := conn.Ask(within(t, plenty)); !probe.Hangup(err) {
				t.Errorf("A question on an ended connection fails with %v", err)
			}
		})
	}
}

func TestServerThatSpeaksUnaskedEndsTheConnection(t *testing.T) {
	answered := make(chan struct{})
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: serve(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		<-answered
		_, _ = io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
	})})
	ask(t, conn)
	close(answered)
	waitForEnd(t, conn)
	if err := conn.Ask(within(t, plenty)); err == nil || !strings.Contains(err.Error(), "without being asked") {
		t.Errorf("The connection ended for what was sent unasked, and the error says: %v", err)
	}
}

func TestHangupDuringARequestIsNoAnswer(t *testing.T) {
	for name, linger := range map[string]int{"in order": -1, "with a reset": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: serve(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1024))
				_ = conn.(*net.TCPConn).SetLinger(linger)
			})})
			if err := conn.Ask(within(t, plenty)); !probe.Hangup(err) {
				t.Errorf("A pod that hangs up without an answer was heard, or the error does not tell: %v", err)
			}
			waitForEnd(t, conn)
		})
	}
}

func TestServerWithAnotherProtocolThanTLSIsHeard(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTPS, Address: addressOfServer(server)})
	ask(t, conn)
	if conn.Reusable() {
		t.Error("A connection without TLS is said to be reusable")
	}
}

func TestClosingEndsAQuestionAndIsNoEndByTheOtherSide(t *testing.T) {
	received, released := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(received)
		<-released
	}))
	defer server.Close()
	defer close(released)
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: addressOfServer(server)})
	go func() {
		<-received
		conn.Close()
	}()
	if err := conn.Ask(within(t, plenty)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("A question on a connection that is closed meanwhile ends with %v", err)
	}
	waitForReaders(t)
	select {
	case <-conn.Ended():
		t.Error("The pod is said to have ended a connection that its observer has closed")
	default:
	}
}

func TestCancelledQuestionEndsAndIsTheLast(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: addressOfServer(server)})
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := conn.Ask(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("A cancelled question ends with %v", err)
	}
	if err := conn.Ask(within(t, plenty)); err == nil || conn.Reusable() {
		t.Errorf("A connection with an unanswered question took another one (%v) or is reusable (%t)", err, conn.Reusable())
	}
}

func TestProbeThatMakesNoRequestIsAnError(t *testing.T) {
	for name, p := range map[string]observe.Probe{
		"a kind of the future":     {Kind: "quic"},
		"a header of 20 KiB":       {Kind: observe.ProbeHTTP, Headers: header("X", strings.Repeat("x", 20<<10))},
		"a service name of 20 KiB": {Kind: observe.ProbeGRPC, Service: strings.Repeat("x", 20<<10)},
	} {
		p.Address = addressOf(listen(t))
		if conn, err := probe.Dial(within(t, plenty), p); err == nil {
			conn.Close()
			t.Errorf("A probe was repeated with %s", name)
		}
	}
}
