//go:build bench

package bench

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/http2raw"
)

const (
	// heldConnections is how many connections the attacker keeps open: more than any port has.
	heldConnections = 1000
	// origins is how many addresses they come from. None of them is the API server's.
	origins = 4
	// unreadRequests is how many requests one connection of HTTP/2 has under way.
	unreadRequests = 250
	// padding is how much each request has in its headers. It is nearly as much as the webhooks' port takes.
	padding = 7 << 10
)

// holdConnections opens connections to the ports of the webhooks and the metrics, makes each as expensive as it can be, and keeps it until
// the replica closes it.
func holdConnections(ctx context.Context, a *attacker) {
	ways := []func(context.Context, net.Conn) error{
		func(_ context.Context, conn net.Conn) error { return ended(conn) }, // nothing is sent
		unendingHeaders,
		unreadAnswers,
	}
	a.repeat(ctx, heldConnections, func(ctx context.Context, i int) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		address := a.Webhooks
		if i%2 == 1 {
			address = a.Metrics
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%origins))}}
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(callTimeout)); err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		defer stop()
		return ways[i%len(ways)](ctx, conn)
	})
}

// unendingHeaders begins a request whose headers do not end.
func unendingHeaders(ctx context.Context, plain net.Conn) error {
	conn, err := handshake(ctx, plain, "http/1.1")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: tanist\r\nX-Padding: %s", strings.Repeat("x", padding)); err != nil {
		return err
	}
	return ended(conn)
}

// unreadAnswers begins requests whose answers the replica must not send. A port without HTTP/2 ends that.
func unreadAnswers(ctx context.Context, plain net.Conn) error {
	conn, err := handshake(ctx, plain, http2.NextProtoTLS)
	if err != nil {
		return err
	}
	field := hpack.HeaderField{Name: "x-padding", Value: strings.Repeat("x", padding)}
	if err := http2raw.BeginUnread(conn, config.PathDepartures, unreadRequests, field); err != nil {
		return err
	}
	return ended(conn)
}

func handshake(ctx context.Context, plain net.Conn, protocol string) (*tls.Conn, error) {
	// A stranger does not know the CA.
	conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}})
	return conn, conn.HandshakeContext(ctx)
}

// ended waits until the replica closes the connection. It returns an error, because no request was answered as it should be.
func ended(conn net.Conn) error {
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return err
	}
	return errors.New("the replica closed the connection")
}
