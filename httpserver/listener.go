package httpserver

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// fairListener limits the number of connections, and how often one address begins them. When there is no room for one more, the address with the most loses its oldest: a flood
// from a few addresses keeps nobody else out.
type fairListener struct {
	net.Listener
	// most is how many connections there may be, and each how many of one address.
	most, each int
	// rates limits how often an address begins a connection; nil for no limit.
	rates *RateLimits[netip.Addr]

	mu sync.Mutex
	// open has the connections of each address, the oldest first, and count is their number.
	open  map[netip.Addr][]*countedConn
	count int
}

func newFairListener(listener net.Listener, most, each int, rates *RateLimits[netip.Addr]) *fairListener {
	return &fairListener{Listener: listener, most: most, each: each, rates: rates, open: map[netip.Addr][]*countedConn{}}
}

// Accept implements net.Listener. It closes connections above the limits.
func (l *fairListener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _ := netip.ParseAddrPort(accepted.RemoteAddr().String()) // an unknown address counts as one
		if l.rates != nil && !l.rates.Admit(from.Addr()) {
			_ = accepted.Close()
			continue
		}
		conn := &countedConn{Conn: accepted, listener: l, address: from.Addr()}
		loser := l.begin(conn)
		if loser != nil {
			_ = loser.Close()
		}
		if loser != conn {
			return conn, nil
		}
	}
}

// begin counts a connection, and returns the one that has to be closed for it. That is the same one if there is no room for it, and nil if
// there is room for all.
func (l *fairListener) begin(conn *countedConn) (loser *countedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has := len(l.open[conn.address])
	switch {
	case has >= l.each:
		return conn
	case l.count >= l.most:
		// Two addresses that have as many would take the place from each other again and again.
		if loser = l.oldestOfTheMost(); len(l.open[loser.address]) < has+2 {
			return conn
		}
		l.remove(loser)
	}
	l.open[conn.address] = append(l.open[conn.address], conn)
	l.count++
	return loser
}

// oldestOfTheMost returns the oldest connection of the address with the most. The caller holds mu, and there are connections.
func (l *fairListener) oldestOfTheMost() *countedConn {
	var most []*countedConn
	for _, conns := range l.open {
		if len(conns) > len(most) {
			most = conns
		}
	}
	return most[0]
}

// remove no longer counts a connection, if it does. The caller holds mu.
func (l *fairListener) remove(conn *countedConn) {
	conns := l.open[conn.address]
	i := slices.Index(conns, conn)
	if i < 0 {
		return
	}
	l.count--
	if len(conns) == 1 {
		delete(l.open, conn.address)
	} else {
		l.open[conn.address] = slices.Delete(conns, i, i+1)
	}
}

// countedConn is a connection that counts until it is closed.
type countedConn struct {
	net.Conn
	listener *fairListener
	address  netip.Addr
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
