package probe_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

var kinds = []observe.ProbeKind{observe.ProbeHTTP, observe.ProbeHTTPS, observe.ProbeGRPC, observe.ProbeTCP}

func acknowledged(t *testing.T, conn *probe.Conn) bool {
	t.Helper()
	ok, err := conn.Acknowledged()
	if err != nil {
		t.Fatalf("What was acknowledged is not known: %v", err)
	}
	return ok
}

func TestStoppedProcessIsSilentAndItsKernelAcknowledges(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			pod := startProcess(t, kind)
			kept := dial(t, pod.probe)
			if kind != observe.ProbeTCP {
				ask(t, kept)
			}
			pod.stop()
			for name, conn := range map[string]*probe.Conn{"kept": kept, "new": dial(t, pod.probe)} {
				if err := conn.Ask(within(t, patience)); !errors.Is(err, context.DeadlineExceeded) || probe.Hangup(err) {
					t.Errorf("On a %s connection, a stopped process has answered, or the error does not tell: %v", name, err)
				}
				if !acknowledged(t, conn) {
					t.Errorf("On a %s connection, the kernel of a stopped process did not acknowledge the request", name)
				}
				select {
				case <-conn.Ended():
					t.Errorf("A stopped process is said to have ended a %s connection", name)
				default:
				}
			}
			pod.kill()
			if kind != observe.ProbeTCP { // which is an answer there
				waitForEnd(t, kept)
			}
		})
	}
}

func TestKilledProcessEndsItsConnectionAndRefusesAnother(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			pod := startProcess(t, kind)
			conn := dial(t, pod.probe)
			ask(t, conn)
			pod.kill()
			if kind != observe.ProbeTCP {
				waitForEnd(t, conn)
			}
			if _, err := probe.Dial(within(t, plenty), pod.probe); !probe.Refused(err) {
				t.Errorf("A port that nobody listens on is not said to refuse: %v", err)
			}
		})
	}
}

// listenWithLittleRoom returns a listener whose kernel takes about 1 KiB that nobody has read yet.
func listenWithLittleRoom(t *testing.T) net.Listener {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			if err := syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1); err != nil {
				t.Error(err)
			}
		})
	}}
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

var longHeader = header("X", strings.Repeat("x", 14<<10))

func TestServerThatAnswersBeforeItHasReadTheRequestIsHeard(t *testing.T) {
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Headers: longHeader, Address: serveOn(listenWithLittleRoom(t), func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1))
		_, _ = io.WriteString(conn, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")
	})})
	for range 2 {
		ask(t, conn)
	}
}

func TestRequestThatDoesNotArriveIsNotAcknowledged(t *testing.T) {
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: addressOf(listenWithLittleRoom(t)), Headers: longHeader})
	if err := conn.Ask(within(t, patience)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("A server that nobody runs for has answered, or the error does not tell: %v", err)
	}
	if acknowledged(t, conn) {
		t.Error("A request that the other kernel has no room for is said to be acknowledged")
	}
}

func TestResetConnectionIsNotAcknowledged(t *testing.T) {
	conn := dial(t, observe.Probe{Kind: observe.ProbeHTTP, Address: serve(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		_ = conn.(*net.TCPConn).SetLinger(0)
	})})
	if err := conn.Ask(within(t, plenty)); !probe.Hangup(err) {
		t.Fatalf("A reset is not said to be one: %v", err)
	}
	if acknowledged(t, conn) {
		t.Error("What was sent on a connection that was reset is said to be acknowledged")
	}
}

func TestTouchHearsTheKernelAlone(t *testing.T) {
	if !probe.Touch(within(t, plenty), closedPort(t)) {
		t.Error("A refusal was not heard")
	}
	accepted := make(chan error, 1)
	address := serve(t, func(conn net.Conn) {
		_, err := conn.Read(make([]byte, 1))
		accepted <- err
	})
	if !probe.Touch(within(t, plenty), address) {
		t.Error("A port that accepts was not heard")
	}
	if err := <-accepted; err == nil {
		t.Error("Something was sent to a port that was only touched")
	}
	if probe.Touch(within(t, patience), fullPort(t)) {
		t.Error("A kernel that does not answer was heard")
	}
}

// fullPort returns a port whose kernel does not answer: nobody accepts the connections that wait already, and there is no room for more.
func fullPort(t *testing.T) (address netip.AddrPort) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	loopback := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(syscall.Bind(fd, loopback), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = netip.AddrPortFrom(netip.AddrFrom4(loopback.Addr), uint16(bound.(*syscall.SockaddrInet4).Port))
	dial(t, observe.Probe{Kind: observe.ProbeTCP, Address: address})
	return address
}

func TestClosedConnectionHasNoGoroutine(t *testing.T) {
	for _, kind := range kinds {
		answered, unanswered := startProcess(t, kind), startProcess(t, kind)
		unanswered.stop()
		conns := []*probe.Conn{dial(t, answered.probe), dial(t, unanswered.probe), dial(t, unanswered.probe)}
		ask(t, conns[0])
		if err := conns[1].Ask(within(t, time.Millisecond)); err == nil {
			t.Error("A stopped process has answered")
		}
		for _, conn := range conns {
			conn.Close()
		}
	}
	waitForReaders(t)
}
