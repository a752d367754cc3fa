package peer

import (
	"fmt"
	"net"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ownConnections returns a config whose clients have connections of their own, over HTTP/1.1: one on which there is no answer is closed, and
// the next request can reach another API server. The clients of the manager share one connection, which they keep for up to 45 s after its
// API server was lost.
func ownConnections(cluster *rest.Config) *rest.Config {
	cluster = rest.CopyConfig(cluster)
	cluster.NextProtos = []string{"http/1.1"}
	if cluster.Dial == nil {
		// net/http continues to connect when a request is over. With the default of 30 s, attempts would accumulate.
		cluster.Dial = (&net.Dialer{Timeout: apiTimeout}).DialContext
	}
	return cluster
}

// NewLeaseClient returns a client for the Leases of a Beacon, on connections of its own: whether a replica lives must not depend on a connection
// that the same loss may have ended. It calls nobody, not even for what the API server can do.
func NewLeaseClient(cluster *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := coordinationv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("failed to register Leases: %w", err)
	}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{coordinationv1.SchemeGroupVersion})
	mapper.Add(coordinationv1.SchemeGroupVersion.WithKind("Lease"), meta.RESTScopeNamespace)
	leases, err := client.New(ownConnections(cluster), client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("failed to create client of Leases: %w", err)
	}
	return leases, nil
}
