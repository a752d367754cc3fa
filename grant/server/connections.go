package server

import (
	"net"
	"net/netip"
	"sync"
)

// eachListener limits the connections of each address, so that no pod can use up those of all.
type eachListener struct {
	net.Listener
	most int
	mu   sync.Mutex
	// open has the addresses with connections, and how many.
	open map[netip.Addr]int
}

// limitEach limits how many connections one address may have.
func limitEach(listener net.Listener, most int) net.Listener {
	return &eachListener{Listener: listener, most: most, open: map[netip.Addr]int{}}
}

// Accept implements net.Listener. It closes the connections above the limit.
func (l *eachListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(conn.RemoteAddr().String()) // an unknown address counts as one
		if l.begin(from.Addr()) {
			return &countedConn{Conn: conn, end: sync.OnceFunc(func() { l.end(from.Addr()) })}, nil
		}
		_ = conn.Close()
	}
}

func (l *eachListener) begin(address netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address] >= l.most {
		return false
	}
	l.open[address]++
	return true
}

func (l *eachListener) end(address netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address]--; l.open[address] == 0 {
		delete(l.open, address)
	}
}

// countedConn is a connection that counts until it is closed.
type countedConn struct {
	net.Conn
	end func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.end()
	return c.Conn.Close()
}
