package traffic

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
)

// Local ports. A client chooses them itself because Linux' connection tracking remembers where each port led. What it remembers of a
// connection to a pod that is gone, or that was reset, can lead the next connection from the same port to that pod: the client itself
// would cause the failure.
const (
	// New connections use the ports that systems choose by default (Linux: from 32768 on), one after another. A system chooses at random
	// intervals and reuses a port after 3,000 connections, half a minute. One after another, ports are reused only after the time for
	// which connections are remembered (see MaxRate).
	freshPortFirst = 32768
	freshPorts     = 28000
	// Kept connections use ports below those and below node ports, so that no new connection uses one soon after it was reset.
	keptPortFirst = 20000
	keptPorts     = 10000
	// portTries is how many ports are tried, in case some are taken, before the system may choose.
	portTries = 10
)

// dial opens a connection.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialers open the connections of each kind of request.
type dialers map[requestKind]dial

func systemDialers() dialers {
	return dialers{
		freshRequest: dialFrom(sequence(freshPortFirst, freshPorts)),
		keptRequest:  dialFrom(func() int { return keptPortFirst + rand.IntN(keptPorts) }),
	}
}

// sequence returns a function that returns ports one after another, from a random one on. It is safe for concurrent use.
func sequence(first int, number uint32) func() int {
	var last atomic.Uint32
	last.Store(rand.Uint32N(number))
	return func() int { return first + int(last.Add(1)%number) }
}

// dialFrom opens connections from the ports that next returns. When many in a row are taken, as by another client on this host, the
// system chooses the port.
func dialFrom(next func() int) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		for range portTries {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{Port: next()}}
			conn, err := dialer.DialContext(ctx, network, address)
			if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
				return conn, err
			}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}
