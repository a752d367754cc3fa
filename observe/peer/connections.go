package peer

import (
	"fmt"
	"net"
	"net/http"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Connections lead to the API server, and are not those of the manager's clients: these share one, which is of no use for seconds after its API
// server was lost. They speak HTTP/1.1. One on which there is no answer is closed, and the next request can reach another API server. One on which
// there was an answer is used first, so that what follows a LiveChecker's success reaches an API server that lives.
type Connections struct {
	cluster *rest.Config
	client  *http.Client
}

// NewConnections returns connections with the identity of the config. It calls nobody.
func NewConnections(cluster *rest.Config) (*Connections, error) {
	cluster = rest.CopyConfig(cluster)
	cluster.NextProtos = []string{"http/1.1"}
	if cluster.Dial == nil {
		// net/http continues to connect when a request is over. With the default of 30 s, attempts would accumulate.
		cluster.Dial = (&net.Dialer{Timeout: apiTimeout}).DialContext
	}
	httpClient, err := rest.HTTPClientFor(cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to create HTTP client of the API server: %w", err)
	}
	return &Connections{cluster: cluster, client: httpClient}, nil
}

// NewClient returns a client that uses the connections. It calls nobody if the mapper does not.
func (c *Connections) NewClient(scheme *runtime.Scheme, mapper meta.RESTMapper) (client.Client, error) {
	made, err := client.New(c.cluster, client.Options{HTTPClient: c.client, Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("failed to create client of the API server: %w", err)
	}
	return made, nil
}

// NewLeaseClient returns a client for the Leases of a Beacon. It calls nobody, not even for what the API server can do.
func (c *Connections) NewLeaseClient() (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := coordinationv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("failed to register Leases: %w", err)
	}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{coordinationv1.SchemeGroupVersion})
	mapper.Add(coordinationv1.SchemeGroupVersion.WithKind("Lease"), meta.RESTScopeNamespace)
	return c.NewClient(scheme, mapper)
}

// NewLiveChecker returns a LiveChecker that uses the connections. It calls nobody.
func (c *Connections) NewLiveChecker() (*LiveChecker, error) {
	host, _, err := rest.DefaultServerUrlFor(c.cluster)
	if err != nil {
		return nil, fmt.Errorf("failed to parse URL of the API server: %w", err)
	}
	return &LiveChecker{client: c.client, url: host.JoinPath("livez").String()}, nil
}
