package traffic

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
)

// Local ports. A client chooses them itself because of Linux' connection tracking (conntrack). It keeps an entry for a port for some time
// after the port's connection was reset or its pod is gone. A connection that is opened from this port meanwhile may be sent to the same
// dead pod: then the client itself would cause the failure.
const (
	// Fresh connections use the ports that systems choose by default (Linux: from 32768 on), one after another. So a port is used again only
	// when its entry is gone (see MaxRate). Linux itself would skip a few ports at random each time, and use a port again after about 3,000
	// connections: after 20 s at 150 connections a second.
	freshPortFirst = 32768
	freshPorts     = 28000
	// Kept connections use ports below those and below node ports, so that no fresh connection uses one soon after it was reset. They take
	// them one after another, too: while a pod does not answer, a client opens one for each request.
	keptPortFirst = 20000
	keptPorts     = 10000
	// portTries is how many ports are tried, in case some are taken. Then the system chooses, at the risk that its port has an entry.
	portTries = 10
)

// dial opens a connection, as net.Dialer.DialContext does.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialers open the connections of each kind of request.
type dialers map[requestKind]dial

func systemDialers() dialers {
	return dialers{
		freshRequest: dialFrom(sequence(freshPortFirst, freshPorts)),
		keptRequest:  dialFrom(sequence(keptPortFirst, keptPorts)),
	}
}

// sequence returns a function that returns count ports from first on, one after another and again, beginning with a random one. It is safe for concurrent use.
func sequence(first int, count uint32) func() int {
	var last atomic.Uint32
	last.Store(rand.Uint32N(count))
	return func() int { return first + int(last.Add(1)%count) }
}

// dialFrom returns a dial that opens connections from the ports that next returns. If portTries in a row are taken, as by another client on
// this host, the system chooses the port.
func dialFrom(next func() int) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		for range portTries {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{Port: next()}}
			conn, err := dialer.DialContext(ctx, network, address)
			// A port that another socket has, even one in the state TIME_WAIT, is in use (on Linux). EADDRNOTAVAIL is treated alike.
			if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
				return conn, err
			}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}
