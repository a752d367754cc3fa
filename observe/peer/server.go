package peer

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// The limits of the server. Anything in the cluster can connect to it unless a NetworkPolicy prevents that.
const (
	maxConnections = 64
	// maxHeaderBytes is enough for the longest question, which is in the URL.
	maxHeaderBytes = maxNodes*(len("&"+param+"=")+maxNameLength) + 4<<10
	// requestTimeout is for each half of a request: to read it, and to write the answer.
	requestTimeout = time.Second
	// serverIdleTimeout is how long a connection may be unused. It is longer than peerclient.IdleTimeout.
	serverIdleTimeout = 30 * time.Second
)

// AddServer makes the manager serve Handler. It listens immediately, and fails if it cannot. The address "0" disables the server.
//
// The manager starts the server before it fills its caches, and whether or not this replica holds the Lease, so that the other replicas hear
// this one from its start.
func AddServer(mgr manager.Manager, address string, source Source) error {
	if address == "0" {
		return nil
	}
	server, err := newServer(address, source)
	if err != nil {
		return err
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("failed to add server for peers: %w", err)
	}
	return nil
}

func newServer(address string, source Source) (*manager.Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("failed to listen for peers: %w", err)
	}
	return &manager.Server{
		Name:     "peers",
		Listener: netutil.LimitListener(listener, maxConnections),
		Server: &http.Server{
			Handler:           Handler(source),
			ReadHeaderTimeout: requestTimeout,
			ReadTimeout:       requestTimeout,
			WriteTimeout:      requestTimeout,
			IdleTimeout:       serverIdleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
		},
		ShutdownTimeout: new(requestTimeout),
	}, nil
}
