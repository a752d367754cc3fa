package peer

import (
	"net"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// nodes are what a replica has heard of nodes.
type nodes map[string]node

type node struct {
	age   time.Duration
	armed bool
}

// NodeAge implements Source.
func (n nodes) NodeAge(name string) (time.Duration, bool, bool) {
	found, known := n[name]
	return found.age, found.armed, known
}

// replica is a replica that listens on the address, on the node "node-of-<name>".
func replica(name string, address net.Addr) observe.Replica {
	return observe.Replica{Name: name, Node: "node-of-" + name, Address: netip.MustParseAddrPort(address.String())}
}

// answering is a replica that answers what the source knows.
func answering(t *testing.T, name string, source Source) (observe.Replica, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(Handler(source))
	t.Cleanup(server.Close)
	return replica(name, server.Listener.Addr()), server
}

// listen listens on the loopback interface. The kernel accepts connections, and nobody answers.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// gone is a replica that listens no longer.
func gone(t *testing.T, name string) observe.Replica {
	t.Helper()
	listener := listen(t)
	_ = listener.Close()
	return replica(name, listener.Addr())
}
