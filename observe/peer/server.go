package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Source knows how long nodes have been silent.
type Source interface {
	// NodeAge returns the age of the oldest probe since the node was last heard. known is false for a node that is not watched.
	NodeAge(name string) (age time.Duration, armed, known bool)
}

// maxConnections is how many peers are served at a time.
const maxConnections = 64

// Server answers the peers. It is a manager.Runnable.
type Server struct {
	// Address is where to listen.
	Address string
	Source  Source
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica answers.
func (s *Server) NeedLeaderElection() bool { return false }

// Start listens and answers until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Address)
	if err != nil {
		return fmt.Errorf("failed to listen for peers: %w", err)
	}
	server := &http.Server{
		Handler: Handler(s.Source), ReadHeaderTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
		IdleTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10, // 64 names
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(netutil.LimitListener(listener, maxConnections)); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("failed to answer peers: %w", err)
	}
	return nil
}

// Handler answers the question for how long nodes have been silent: GET /v1/heard?node=a&node=b.
func Handler(source Source) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		names := r.URL.Query()["node"]
		if len(names) > maxNodes {
			http.Error(w, fmt.Sprintf("%d nodes: at most %d can be asked about at a time", len(names), maxNodes), http.StatusBadRequest)
			return
		}
		all := response{Nodes: map[string]nodeResponse{}}
		for _, name := range names {
			if len(name) > maxNameLength {
				http.Error(w, fmt.Sprintf("a node's name has at most %d characters", maxNameLength), http.StatusBadRequest)
				return
			}
			if age, armed, known := source.NodeAge(name); known {
				all.Nodes[name] = nodeResponse{Armed: armed, AgeMilliseconds: age.Milliseconds()}
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(all) // an error means that the peer no longer listens
	})
	return mux
}
