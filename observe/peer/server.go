package peer

import (
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/httpserver"
)

// The limits of the server.
const (
	maxConnections = 64
	// connectionsEach is how many connections one address may have: many more than a replica has.
	connectionsEach = 16
	// maxHeaderBytes is enough for the longest question, which is in the URL.
	maxHeaderBytes = maxNodes*(len("&"+param+"=")+maxNameLength) + 4<<10
	// requestTimeout is for each half of a request: to read it, and to write the answer.
	requestTimeout = time.Second
)

// AddServer makes the manager serve Handler. It listens immediately, and fails if it cannot. The address "0" disables the server. It runs
// from the start, so that the other replicas hear this one.
func AddServer(mgr manager.Manager, address string, source Source) error {
	if address == "0" {
		return nil
	}
	server, err := httpserver.New(httpserver.Options{
		Name: "peers", Address: address, Handler: Handler(source), Connections: maxConnections, ConnectionsEach: connectionsEach,
		HeaderBytes: maxHeaderBytes, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout,
	})
	if err != nil {
		return err
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("failed to add server for peers: %w", err)
	}
	return nil
}
