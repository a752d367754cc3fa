package watch

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// droppingPort returns a port of this host that answers no attempt to connect: its queue of connections is full, so the kernel drops them.
func droppingPort(t *testing.T) netip.AddrPort {
	t.Helper()
	address, _ := fullPort(t)
	return address
}

// fullPort is droppingPort, with a function that makes room for one connection.
func fullPort(t *testing.T) (address netip.AddrPort, accept func()) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(os.NewSyscallError("socket", err))
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(os.NewSyscallError("bind", err))
	}
	if err := syscall.Listen(socket, 0); err != nil {
		t.Fatal(os.NewSyscallError("listen", err))
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(os.NewSyscallError("getsockname", err))
	}
	accept = func() {
		if _, _, err := syscall.Accept(socket); err != nil { // the connection ends with the test's process
			t.Error(os.NewSyscallError("accept", err))
		}
	}
	address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*syscall.SockaddrInet4).Port))
	for { // until one is dropped
		conn, err := net.DialTimeout("tcp", address.String(), 300*time.Millisecond)
		if err != nil {
			return address, accept
		}
		t.Cleanup(func() { conn.Close() })
	}
}

// A firewall that closes the kubelet's port alone leaves the kernel's resets to hear the node by.
func TestANodeWhoseKubeletCannotBeReachedIsHeard(t *testing.T) {
	w, reported := newWatcher(t, &cluster{nodes: []observe.Node{{Name: "node-1", Kubelet: droppingPort(t)}}})
	w.Set(key("web"), observe.Service{Leader: &observe.Pod{UID: "leader", Node: "node-1"}, LossAfter: time.Second})
	start(t, w)
	eventually(t, "the node is armed", func() bool {
		_, armed, _ := w.NodeAge("node-1")
		return armed
	})
	if got := w.longestWindow(); got != 3 {
		t.Errorf("the window is %g s, want 3 s: only fresh channels work", got)
	}
	from := w.now()
	eventually(t, "the window has passed", func() bool { return w.now() > from+3*time.Second+2*observe.Suspicious })
	if _, armed, _ := w.NodeAge("node-1"); !armed || reported.count() > 0 {
		t.Errorf("the node is armed: %t, and reported lost %d times, although it answers", armed, reported.count())
	}
}
