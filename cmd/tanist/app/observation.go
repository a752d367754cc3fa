package app

import (
	"fmt"
	"net"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/reconciler"
)

// hedgeDialTimeout is how long a connection to an API server may take, when the usual one does not answer.
const hedgeDialTimeout = time.Second

// newObservation returns how this replica notices losses that nobody announces. It must know which of the replicas it is itself.
func newObservation(cluster *rest.Config, o Options) (reconciler.Observation, error) {
	pod, err := podName()
	if err != nil {
		return reconciler.Observation{}, err
	}
	// With a dialer of its own, a client shares no connections with the others.
	own := rest.CopyConfig(cluster)
	own.Dial = (&net.Dialer{Timeout: hedgeDialTimeout}).DialContext
	mapper, err := newMapper(nil, nil)
	if err != nil {
		return reconciler.Observation{}, err
	}
	hedge, err := client.New(own, client.Options{Mapper: mapper})
	if err != nil {
		return reconciler.Observation{}, fmt.Errorf("failed to create client for hedged writes: %w", err)
	}
	return reconciler.Observation{Pod: pod, PodUID: types.UID(os.Getenv(podUIDVariable)), PeerAddress: o.PeerAddress, Cluster: cluster, Hedge: hedge}, nil
}
