package traffic

import (
	"net"
	"testing"
)

// listen opens a port.
func listen(t *testing.T) *net.TCPAddr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return tcp(t, listener.Addr())
}

func tcp(t *testing.T, address net.Addr) *net.TCPAddr {
	t.Helper()
	known, ok := address.(*net.TCPAddr)
	if !ok {
		t.Fatalf("%v is no TCP address", address)
	}
	return known
}

// dialled opens a connection and returns its local port.
func dialled(t *testing.T, connect dial, to *net.TCPAddr) int {
	t.Helper()
	connection, err := connect(t.Context(), "tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return tcp(t, connection.LocalAddr()).Port
}

func TestAKeptConnectionHasAPortOfItsOwn(t *testing.T) {
	server := listen(t)
	for range 20 {
		if port := dialled(t, systemDialers()[keptRequest], server); port < keptPortFirst || port >= keptPortFirst+keptPorts {
			t.Errorf("connected from port %d, want one from %d to %d", port, keptPortFirst, keptPortFirst+keptPorts-1)
		}
	}
}

func TestNoPortComesBackBeforeAllOthers(t *testing.T) {
	next := sequence(freshPortFirst, freshPorts)
	named := map[int]bool{}
	for range freshPorts {
		port := next()
		if port < freshPortFirst || port >= freshPortFirst+freshPorts || named[port] {
			t.Fatalf("got port %d after %d others (named before: %t), want each from %d to %d once",
				port, len(named), named[port], freshPortFirst, freshPortFirst+freshPorts-1)
		}
		named[port] = true
	}
}

func TestAPortThatIsTakenIsPassedOver(t *testing.T) {
	server, taken := listen(t), listen(t).Port
	tried := 0
	connect := dialFrom(func() int {
		if tried++; tried == 1 {
			return taken
		}
		return 0 // any
	})
	if port := dialled(t, connect, server); port == taken || tried != 2 {
		t.Errorf("connected from port %d at attempt %d, want another than %d at the second", port, tried, taken)
	}
}

func TestTheSystemChoosesWhereAllPortsAreTaken(t *testing.T) {
	server, taken := listen(t), listen(t).Port
	if port := dialled(t, dialFrom(func() int { return taken }), server); port == taken {
		t.Errorf("connected from port %d, which is taken", port)
	}
}
