package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"syscall"
)

// Local ports of kept connections: below those that systems take of their own accord (Linux: from 32768 on) and those of node ports.
const (
	keptPortFirst = 20000
	keptPorts     = 10000
	// keptPortTries is how many are tried, in case one is taken.
	keptPortTries = 10
)

// dial opens a connection.
type dial func(ctx context.Context, network, address string) (net.Conn, error)

// dialers are what each kind of request opens its connections with.
type dialers map[requestKind]dial

func systemDialers() dialers {
	return dialers{freshRequest: (&net.Dialer{}).DialContext, keptRequest: dialKept}
}

// dialKept opens a connection from a port that no new connection has soon after it. When a server's exit resets a kept connection,
// Linux' connection tracking remembers for ten seconds where that led, and sends the next connection of the same port to the pod
// that is gone. A client that opens hundreds of connections gets the port again by then, and the failure would be its own.
func dialKept(ctx context.Context, network, address string) (conn net.Conn, err error) {
	for range keptPortTries {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{Port: keptPortFirst + rand.IntN(keptPorts)}}
		conn, err = dialer.DialContext(ctx, network, address)
		if !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			break
		}
	}
	return conn, err
}
