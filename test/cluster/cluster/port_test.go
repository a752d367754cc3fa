package cluster

import (
	"net"
	"strings"
	"testing"
)

// taken returns a port that something listens on until the test ends.
func taken(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

func TestAPortThatIsAskedForMustBeFree(t *testing.T) {
	for name, o := range map[string]Options{"simulated nodes": {SimulatedNodes: 3}, "real nodes": {Nodes: 2}} {
		t.Run(name, func(t *testing.T) {
			o.Port = taken(t)
			if err := o.checkPort(); err == nil || !strings.Contains(err.Error(), "--port") {
				t.Fatalf("got %v, want an error that names --port", err)
			}
		})
	}
}

func TestWithoutAPortAFreeOneIsChosen(t *testing.T) {
	o := Options{SimulatedNodes: 3}
	// If the test cannot take the first port, something else has it already.
	if listener, err := net.Listen("tcp", "127.0.0.1:16443"); err == nil {
		t.Cleanup(func() { _ = listener.Close() })
	}
	if err := o.checkPort(); err != nil {
		t.Fatal(err)
	}
	got, err := o.choosePort()
	if err != nil {
		t.Fatal(err)
	}
	if got <= FirstPort || !o.portIsFree(got) {
		t.Errorf("got port %d, want a free one above %d", got, FirstPort)
	}
	o.Port = 18443
	if got, err := o.choosePort(); err != nil || got != 18443 {
		t.Errorf("got %d and %v, want the port that was asked for", got, err)
	}
}
