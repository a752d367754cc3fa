package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/grant"
	"github.com/tanist-dev/tanist/httpserver"
	"github.com/tanist-dev/tanist/peerclient"
)

// The limits of the server. Every pod in the cluster can connect to it.
const (
	maxConnections = 8192
	// connectionsEach is how many connections one address may have.
	connectionsEach = 64
	// Behind one address there may be many pods with tokens, and a connection with TLS takes more memory.
	maxTLSConnections  = 2048
	tlsConnectionsEach = 256
	requestTimeout     = 2 * time.Second
	// maxReads is how many slices a replica reads at a time.
	maxReads = 64
	// readTimeout is how long a read may take. A later one would be of little use, because a grant counts from when it was asked for.
	readTimeout = time.Second
)

// Options are what a Server needs.
type Options struct {
	Cluster Cluster
	Reader  Reader
	// Reviewer knows whose tokens are; nil if nobody may ask with one.
	Reviewer Reviewer
	// Duration returns how long a grant lasts by the tuning in force; zero while that is not known. Until then nobody is answered, and Note must
	// not be called.
	Duration   func() time.Duration
	Registerer prometheus.Registerer
}

// Server tells pods whether they lead.
type Server struct {
	cluster Cluster
	reader  Reader
	book    *book
	limits  *limits
	// unknown are the pods that ask before they are known.
	unknown *unknownPods
	tokens  *tokens
	metrics *metricsSet
	client  *http.Client
	// started is when this replica began to give grants.
	started time.Time
	// reads has a place for each read under way.
	reads chan struct{}
	// stopping is closed when the server stops, so that nobody waits for a change any longer.
	stopping chan struct{}
	stop     func()
}

// New returns a Server, and registers its metrics.
func New(o Options) (*Server, error) {
	s := &Server{
		cluster: o.Cluster, reader: o.Reader, book: newBook(o.Duration), limits: newLimits(), unknown: newUnknownPods(), tokens: newTokens(o.Reviewer),
		metrics: newMetrics(), client: peerclient.New(replicaTimeout), started: time.Now(), reads: make(chan struct{}, maxReads), stopping: make(chan struct{}),
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	if err := s.metrics.register(o.Registerer); err != nil {
		return nil, fmt.Errorf("failed to register metrics of grants: %w", err)
	}
	return s, nil
}

// Note tells the server what the watch says of a slice.
func (s *Server) Note(slice types.NamespacedName, view grant.View) { s.book.note(slice, view) }

// Gone tells the server that a slice is gone.
func (s *Server) Gone(slice types.NamespacedName) { s.book.markGone(slice) }

// NotePod tells the server that a pod has come, changed or gone, and which addresses it has.
func (s *Server) NotePod(pod Pod, addresses []netip.Addr) {
	s.unknown.tell(party{pod: pod})
	for _, address := range addresses {
		s.unknown.tell(party{address: address})
	}
}

// Handler serves the requests of pods and of the other replicas.
func (s *Server) Handler() http.Handler {
	mux := s.podHandler()
	mux.HandleFunc("POST "+stepDownPath, s.heardStepDown)
	mux.HandleFunc("POST "+successorWaitsPath, s.heardSuccessorWaits)
	return mux
}

// podHandler serves the requests of pods.
func (s *Server) podHandler() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/me", s.me)
	mux.HandleFunc("POST /v1/me/stepdown", s.stepDown)
	return mux
}

// AddTo makes the manager serve.
func (s *Server) AddTo(mgr manager.Manager, address string) error {
	return s.serve(mgr, httpserver.Options{
		Name: "grants", Address: address, Handler: s.Handler(), Connections: maxConnections, ConnectionsEach: connectionsEach,
	})
}

// AddTLSTo makes the manager serve pods over TLS too, where they can show a token.
func (s *Server) AddTLSTo(mgr manager.Manager, address string, certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)) error {
	return s.serve(mgr, httpserver.Options{
		Name: "grants-tls", Address: address, Handler: s.podHandler(), Connections: maxTLSConnections, ConnectionsEach: tlsConnectionsEach,
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate},
	})
}

func (s *Server) serve(mgr manager.Manager, o httpserver.Options) error {
	// There is no ReadTimeout: it would end the requests that wait for a change. What has a body gets a deadline of its own.
	o.WriteTimeout, o.OnShutdown = maxWait+requestTimeout, s.stop
	server, err := httpserver.New(o)
	if err != nil {
		return err
	}
	return mgr.Add(server)
}

// live reads a slice, when there is a place for one more read.
func (s *Server) live(slice types.NamespacedName) (view grant.View, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	defer func() { s.metrics.read(err) }()
	select {
	case s.reads <- struct{}{}:
		defer func() { <-s.reads }()
	case <-ctx.Done():
		return grant.View{}, ctx.Err()
	}
	return s.reader.Read(ctx, slice)
}
