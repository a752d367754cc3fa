package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// dialTimeout is enough to send twice what was not answered, a second after the first time.
	dialTimeout = 3 * time.Second
	// usualDialTimeout and keepAlive are client-go's.
	usualDialTimeout = 30 * time.Second
	keepAlive        = 30 * time.Second
)

// EndSilentConnections makes client-go end a connection to the API server within 4 s when nothing arrives on it any more: its own measure is 45 s. So
// long a replica would see nothing, because all its watches share one connection, to one of several API servers, and that one can be lost. It then lists
// everything again, at another API server. While nothing else arrives, a connection costs one HTTP/2 PING a second. No handler of the API server
// delays its answer.
//
// Environment variables are the only way to tell client-go. Those that are set already stay. Client-go would not say that it cannot read one.
func EndSilentConnections() error {
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "1", "HTTP2_PING_TIMEOUT_SECONDS": "3"} {
		value := os.Getenv(name)
		if value == "" {
			_ = os.Setenv(name, seconds) // it fails for names that cannot be
		} else if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return fmt.Errorf("environment variable %s=%s: must be a whole number of seconds", name, value)
		}
	}
	return nil
}

// dialBriefly makes clients give up a connection to an API server that does not answer: the next one may lead to another API server. Client-go's own
// measure is 30 s. It stays for the API server's name, because the first of several name servers may be the one that does not answer. So does a config
// that says how to dial.
func dialBriefly(cluster *rest.Config) {
	if cluster.Dial != nil {
		return
	}
	brief, usual := net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}, net.Dialer{Timeout: usualDialTimeout, KeepAlive: keepAlive}
	cluster.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, err := netip.ParseAddrPort(address); err != nil {
			return usual.DialContext(ctx, network, address)
		}
		return brief.DialContext(ctx, network, address)
	}
}
