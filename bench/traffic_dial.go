package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
)

// Local ports. A client chooses its own, since Linux' connection tracking remembers where each of them led, and what it remembers of a
// pod that is gone, or was reset by it, can lead the next connection of the same port there: the failure would be the client's own.
const (
	// New connections have the ports that systems take of their own accord (Linux: from 32768 on). The system takes them at random
	// intervals and is back at one after 3,000 connections, half a minute; one by one, it takes longer than connections are
	// remembered (see MaxTrafficRate).
	freshPortFirst = 32768
	freshPorts     = 28000
	// Kept connections have some below those and those of node ports, so that no new connection has one soon after it was reset.
	keptPortFirst = 20000
	keptPorts     = 10000
	// portTries is how many are tried, in case one is taken, before the system may choose.
	portTries = 10
)

// dial opens a connection.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialers are what each kind of request opens its connections with.
type dialers map[requestKind]dial

func systemDialers() dialers {
	return dialers{
		freshRequest: dialFrom(inTurn(freshPortFirst, freshPorts)),
		keptRequest:  dialFrom(func() int { return keptPortFirst + rand.IntN(keptPorts) }),
	}
}

// inTurn names a number of ports, one after another, from a random one on. Clients side by side may share it.
func inTurn(first int, number uint32) func() int {
	var last atomic.Uint32
	last.Store(rand.Uint32N(number))
	return func() int { return first + int(last.Add(1)%number) }
}

// dialFrom opens connections from the ports that next names; when many in a row are taken, such as those that another client beside
// this one has just left, from one that the system chooses.
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
