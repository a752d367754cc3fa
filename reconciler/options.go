package reconciler

import (
	"crypto/tls"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe/peer"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/tracing"
)

// Options are what the controllers share with the rest of the program.
type Options struct {
	// Namespace is the namespace of Tanist itself, where the tuning is.
	Namespace string
	// WatchNamespaces are the only namespaces that may opt in; empty if all may.
	WatchNamespaces []string
	Leaders         *cache.Leaders
	Tuning          *config.Store
	// Clock tells the API server's time.
	Clock *commitrules.Clock
	// Holds reports whether this replica holds the Lease for certain.
	Holds func() bool
	// ServesNoAdmission says that this replica serves no admission, so that probably none has a hand-over prepared.
	ServesNoAdmission bool
	// Registerer registers the metrics.
	Registerer prometheus.Registerer
	// Log gets a line for each change of leader, and when the whole cluster is watched. Tracer gets the spans of each change; nil for none.
	Log    logr.Logger
	Tracer *tracing.Tracer
	// Started is called when the tuning is in force, before the first decision.
	Started func(config.Tuning)
	// Observation is how losses are noticed that nobody announces.
	Observation Observation
	// Grants is where pods ask whether they lead.
	Grants Grants
}

// Grants are where pods ask whether they lead; "0" or empty for nowhere.
type Grants struct {
	Address string
	// TLSAddress is where they can ask with a token, and Certificate is what is served there.
	TLSAddress  string
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// Observation is how a replica notices losses that nobody announces.
type Observation struct {
	// Pod is the name of this replica's pod.
	Pod string
	// PodUID is its UID; empty if it is not known.
	PodUID types.UID
	// PeerAddress is where the other replicas ask this one; "0" or empty for nowhere.
	PeerAddress string
	// Connections lead to the API server when those of the manager may not, and Hedge uses them.
	Connections *peer.Connections
	Hedge       client.Client
}
