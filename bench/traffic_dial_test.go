package bench

import (
	"net"
	"testing"
)

// dialled opens a number of connections, one after another, and returns their local ports.
func dialled(t *testing.T, connect dial, number int) (ports []int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for range number {
		connection, err := connect(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		local, ok := connection.LocalAddr().(*net.TCPAddr)
		if !ok {
			t.Fatalf("connected from %v, want a TCP address", connection.LocalAddr())
		}
		ports = append(ports, local.Port)
	}
	return ports
}

func TestAKeptConnectionHasAPortOfItsOwn(t *testing.T) {
	for _, port := range dialled(t, systemDialers()[keptRequest], 20) {
		if port < keptPortFirst || port >= keptPortFirst+keptPorts {
			t.Errorf("connected from port %d, want one from %d to %d", port, keptPortFirst, keptPortFirst+keptPorts-1)
		}
	}
}

// Nothing else of the machine's is in the way of a wheel of this size for long: a port that is taken is passed over.
func TestNewConnectionsTakeOnePortAfterAnother(t *testing.T) {
	connect := systemDialers()[freshRequest]
	previous := 0
	for _, port := range dialled(t, connect, 20) {
		if port < freshPortFirst || port >= freshPortFirst+freshPorts {
			t.Errorf("connected from port %d, want one from %d to %d", port, freshPortFirst, freshPortFirst+freshPorts-1)
		}
		if ahead := (port - previous + freshPorts) % freshPorts; previous != 0 && (ahead < 1 || ahead > portTries) {
			t.Errorf("connected from port %d after %d, want one of the next %d", port, previous, portTries)
		}
		previous = port
	}
}

func TestTheSystemChoosesWhereAllPortsAreTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address, ok := taken.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("listening on %v, want a TCP address", taken.Addr())
	}
	for _, port := range dialled(t, dialFrom(func() int { return address.Port }), 1) {
		if port == address.Port {
			t.Errorf("connected from port %d, which is taken", port)
		}
	}
}
