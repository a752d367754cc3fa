package bench

import (
	"net"
	"testing"
)

func TestAKeptConnectionHasAPortOfItsOwn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for range 20 {
		connection, err := systemDialers()[keptRequest](t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		local, ok := connection.LocalAddr().(*net.TCPAddr)
		if !ok || local.Port < keptPortFirst || local.Port >= keptPortFirst+keptPorts {
			t.Errorf("connected from %v, want a port from %d to %d", connection.LocalAddr(), keptPortFirst, keptPortFirst+keptPorts-1)
		}
	}
}
