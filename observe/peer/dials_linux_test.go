package peer

import (
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// full is a replica that even the kernel does not answer for: its queue of connections is full.
func full(t *testing.T, name string) observe.Replica {
	t.Helper()
	listener := listen(t)
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), 100*time.Millisecond)
		if err != nil {
			return replica(name, listener.Addr())
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
}

func TestAttemptsToReachADeadPeerEnd(t *testing.T) {
	p, peers := NewPeers(), []observe.Replica{full(t, "a")}
	for range 3 {
		p.Ask(t.Context(), peers, []string{"x"})
	}
	stack := make([]byte, 1<<20)
	for giveUp, tick := time.After(patience), time.NewTicker(10*time.Millisecond); ; {
		if !strings.Contains(string(stack[:runtime.Stack(stack, true)]), "(*Transport).dialConn") {
			return
		}
		select {
		case <-tick.C:
		case <-giveUp:
			t.Fatal("attempts to connect continue long after the questions are over")
		}
	}
}
