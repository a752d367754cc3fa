package httpserver

import (
	"net"
	"net/netip"
	"slices"
	"testing"
)

// pipes is a listener whose connections come from the addresses that it is told.
type pipes struct {
	net.Listener
	from []string
}

// addressed is a connection from an address.
type addressed struct {
	net.Conn
	from netip.AddrPort
}

func (c addressed) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.from) }

func (p *pipes) Accept() (net.Conn, error) {
	if len(p.from) == 0 {
		return nil, net.ErrClosed
	}
	conn, _ := net.Pipe()
	next := addressed{Conn: conn, from: netip.AddrPortFrom(netip.MustParseAddr(p.from[0]), 4000)}
	p.from = p.from[1:]
	return next, nil
}

// TestAFloodKeepsNobodyOut: the connections of the flood make room for somebody who has fewer.
func TestAFloodKeepsNobodyOut(t *testing.T) {
	const flood, other, third = "10.0.0.1", "10.0.0.2", "10.0.0.3"
	cases := map[string]struct {
		from []string
		want map[string]int
	}{
		"room for all":                 {from: []string{flood, other, third}, want: map[string]int{flood: 1, other: 1, third: 1}},
		"too many of one address":      {from: []string{flood, flood, flood, flood, flood}, want: map[string]int{flood: 3}},
		"room is made":                 {from: []string{flood, flood, flood, other, third}, want: map[string]int{flood: 2, other: 1, third: 1}},
		"a flood takes nobody's place": {from: []string{other, flood, flood, third, flood, flood}, want: map[string]int{flood: 2, other: 1, third: 1}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := newFairListener(&pipes{from: test.from}, 4, 3, nil)
			var conns []net.Conn
			for {
				conn, err := l.Accept()
				if err != nil {
					break
				}
				conns = append(conns, conn)
			}
			for address, want := range test.want {
				if got := len(l.open[netip.MustParseAddr(address)]); got != want {
					t.Errorf("%s has %d connections, want %d", address, got, want)
				}
			}
			for _, conn := range conns {
				_ = conn.Close()
				_ = conn.Close() // a second time, as net/http does
			}
			if l.count != 0 || len(l.open) != 0 {
				t.Errorf("%d connections still count: %v", l.count, l.open)
			}
		})
	}
}

// TestAFloodOfConnectionsOfOneAddressIsSlowed: a TLS handshake costs more than anything else that a stranger can have done.
func TestAFloodOfConnectionsOfOneAddressIsSlowed(t *testing.T) {
	const flood, other = "10.0.0.1", "10.0.0.2"
	from := append(slices.Repeat([]string{flood}, 100), other)
	l := newFairListener(&pipes{from: from}, 200, 200, NewRateLimits[netip.Addr](0.001, 10, 2))
	for {
		if _, err := l.Accept(); err != nil {
			break
		}
	}
	if got := len(l.open[netip.MustParseAddr(flood)]); got != 10 {
		t.Errorf("the flood has %d connections, want 10", got)
	}
	if got := len(l.open[netip.MustParseAddr(other)]); got != 1 {
		t.Errorf("another address has %d connections, want 1", got)
	}
}
