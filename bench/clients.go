package bench

import (
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Clients are the clients of a run, each with a connection of its own, so that the events of one do not wait behind those of another.
type Clients struct {
	// Observe is for the independent watches alone.
	Observe kubernetes.Interface
	// Act is for everything that changes the cluster, except the floor's patches.
	Act kubernetes.Interface
	// Floor is for the floor's watch and patches.
	Floor kubernetes.Interface
}

// NewClients returns clients for a user's configuration. They use protobuf and have no rate limit, like Tanist's own client for hand-overs.
func NewClients(config *rest.Config, version string) (Clients, error) {
	var clients Clients
	for _, client := range []*kubernetes.Interface{&clients.Observe, &clients.Act, &clients.Floor} {
		made, err := kubernetes.NewForConfig(unlimited(config, version))
		if err != nil {
			return Clients{}, fmt.Errorf("failed to create a client: %w", err)
		}
		*client = made
	}
	return clients, nil
}

func unlimited(config *rest.Config, version string) *rest.Config {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.UserAgent = "kubectl-tanist-bench/" + version
	if config.Dial == nil && config.Transport == nil {
		// client-go shares a connection among clients with the same configuration. A dialer makes each configuration another one.
		config.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return config
}
