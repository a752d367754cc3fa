package probe_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

const (
	// plenty is longer than anything takes that does happen.
	plenty = 30 * time.Second
	// patience is how long the tests wait for what does not happen. An acknowledgement may take 40 ms.
	patience = 300 * time.Millisecond
)

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func dial(t testing.TB, p observe.Probe) *probe.Conn {
	t.Helper()
	conn, err := probe.Dial(within(t, plenty), p)
	if err != nil {
		t.Fatalf("No connection to the pod: %v", err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func ask(t testing.TB, conn *probe.Conn) {
	t.Helper()
	if err := conn.Ask(within(t, plenty)); err != nil {
		t.Fatalf("The answer was not taken for one: %v", err)
	}
}

// header returns the headers of a probe from pairs of names and values.
func header(pairs ...string) (headers []observe.Header) {
	for pair := range slices.Chunk(pairs, 2) {
		headers = append(headers, observe.Header{Name: pair[0], Value: pair[1]})
	}
	return headers
}

func waitForEnd(t *testing.T, conn *probe.Conn) {
	t.Helper()
	select {
	case <-conn.Ended():
	case <-within(t, plenty).Done():
		t.Fatal("The end of the connection was not noticed")
	}
	if conn.Reusable() {
		t.Error("A connection that has ended is said to be reusable")
	}
}

// serve passes each connection to a function and returns the address to connect to.
func serve(t testing.TB, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	return serveOn(listen(t), handle)
}

func serveOn(listener net.Listener, handle func(net.Conn)) netip.AddrPort {
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return addressOf(listener)
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// closedPort returns an address that nothing listens on.
func closedPort(t testing.TB) netip.AddrPort {
	t.Helper()
	listener := listen(t)
	listener.Close()
	return addressOf(listener)
}

func addressOf(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

func addressOfServer(s *httptest.Server) netip.AddrPort { return addressOf(s.Listener) }

// waitForReaders waits until no connection has a goroutine.
func waitForReaders(t *testing.T) {
	t.Helper()
	deadline := within(t, plenty)
	for stacks := make([]byte, 1<<20); ; runtime.Gosched() {
		if n := runtime.Stack(stacks, true); !strings.Contains(string(stacks[:n]), "probe.(*Conn).read") {
			return
		}
		if deadline.Err() != nil {
			t.Fatal("A closed connection still has a goroutine")
		}
	}
}
