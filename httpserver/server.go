package httpserver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

const (
	// headerTimeout is how long a TLS handshake or the headers of a request may take.
	headerTimeout = 2 * time.Second
	// idleTimeout is how long a connection may be unused. It is longer than any client's, so that the server does not close one on which a
	// request is on its way.
	idleTimeout = 2 * time.Minute
	// shutdownTimeout is how long requests may take to end when the program does.
	shutdownTimeout = 2 * time.Second
	// handshakesPerSecond is how many TLS handshakes an address may begin in a second, when it has used up as many as it may have connections. A
	// handshake takes a millisecond or two of CPU time. Clients keep their connections.
	handshakesPerSecond = 20
	// handshakers is how many addresses are remembered for that.
	handshakers = 4096
	// usualHeaderBytes is much more than a pod sends, with a token.
	usualHeaderBytes = 8 << 10
)

// What one connection of HTTP/2 may hold, where Options.TLS offers it.
const (
	// maxStreams is how many requests it may have at a time. Clients open another connection for more.
	maxStreams = 250
	// The sizes are in bytes: of a frame, and of what may arrive before a handler reads it, for one request and for all.
	maxFrame         = 16 << 10
	streamBuffer     = 64 << 10
	connectionBuffer = 256 << 10
)

// Options are how a server serves.
type Options struct {
	// Name names the server in errors and in the log.
	Name string
	// Address is the address to listen on.
	Address string
	Handler http.Handler
	// Connections is how many connections there may be, and ConnectionsEach how many of one address.
	Connections, ConnectionsEach int
	// OneRequest closes each connection after one request.
	OneRequest bool
	// HeaderBytes is how large the headers of a request may be; 8 KiB if zero.
	HeaderBytes int
	// ReadTimeout limits how long a request may take to arrive; zero if it has no body, or the handler limits it.
	ReadTimeout time.Duration
	// WriteTimeout limits how long a request may take from its headers to the end of the answer.
	WriteTimeout time.Duration
	// TLS is how to encrypt; nil for not at all. Its NextProtos name HTTP/2 if it is to be served.
	TLS *tls.Config
	// OnShutdown is called when the program ends, and makes requests end that wait for something. It may be nil.
	OnShutdown func()
}

// New returns a server that a manager can run. It listens immediately, and fails if it cannot. The manager starts it before it fills its
// caches, and whether or not this replica holds the Lease.
func New(o Options) (*manager.Server, error) {
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("failed to listen for %s: %w", o.Name, err)
	}
	if o.TLS == nil {
		listener = newFairListener(listener, o.Connections, o.ConnectionsEach, nil)
	} else {
		rates := NewRateLimits[netip.Addr](handshakesPerSecond, o.ConnectionsEach, handshakers)
		listener = tls.NewListener(newFairListener(listener, o.Connections, o.ConnectionsEach, rates), o.TLS)
	}
	server := &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    cmp.Or(o.HeaderBytes, usualHeaderBytes),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReadFrameSize: maxFrame, MaxReceiveBufferPerStream: streamBuffer,
			MaxReceiveBufferPerConnection: connectionBuffer, WriteByteTimeout: o.WriteTimeout,
		},
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		ErrorLog: log.New(errorLog{logf.Log.WithName(o.Name)}, "", 0),
	}
	server.SetKeepAlivesEnabled(!o.OneRequest)
	if o.OnShutdown != nil {
		server.RegisterOnShutdown(o.OnShutdown)
	}
	return &manager.Server{Name: o.Name, Listener: listener, Server: server, ShutdownTimeout: new(shutdownTimeout)}, nil
}

// connKey is the key of the connection in a request's context.
type connKey struct{}

// Abort ends the connection of the request that has this context, without an answer to any request that is under way over it. A handler that is
// called by no server has no connection.
func Abort(ctx context.Context) {
	if conn, ok := ctx.Value(connKey{}).(net.Conn); ok {
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// errorLog logs what net/http has to say. Nearly all of it is what clients do wrong, and anybody can be a client.
type errorLog struct {
	log logr.Logger
}

// Write implements io.Writer. net/http calls it once for each message.
func (l errorLog) Write(message []byte) (int, error) {
	text := string(bytes.TrimSpace(message))
	if bytes.Contains(message, []byte("panic serving")) {
		l.log.Error(nil, "Failed to serve a request", "message", text)
	} else {
		l.log.V(1).Info("A client's connection failed", "message", text)
	}
	return len(message), nil
}
