package bench

import (
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Clients are one client per part that a run keeps apart, each with a connection of its own: nobody's events wait behind
// somebody else's.
type Clients struct {
	// Observe is for the independent watches only.
	Observe kubernetes.Interface
	// Act is for everything that changes the cluster, except the floor's patches.
	Act kubernetes.Interface
	// Floor is for the floor's watch and patches.
	Floor kubernetes.Interface
}

// NewClients makes clients of a user's configuration that speak protobuf and know no rate limit, as Tanist's own on its path
// to a hand-over.
func NewClients(config *rest.Config, version string) (Clients, error) {
	var clients Clients
	for _, client := range []*kubernetes.Interface{&clients.Observe, &clients.Act, &clients.Floor} {
		made, err := kubernetes.NewForConfig(unlimited(config, version))
		if err != nil {
			return Clients{}, fmt.Errorf("failed to make a client: %w", err)
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
		// client-go shares one connection among clients of equal configuration, and counts each dialer as another one.
		config.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return config
}
