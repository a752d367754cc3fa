package app

import (
	"os"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/observe/peer"
	"github.com/tanist-dev/tanist/reconciler"
)

// newObservation returns how this replica notices losses that nobody announces. It must know which of the replicas it is itself.
func newObservation(cluster *rest.Config, o Options) (reconciler.Observation, error) {
	pod, err := podName()
	if err != nil {
		return reconciler.Observation{}, err
	}
	connections, err := peer.NewConnections(cluster)
	if err != nil {
		return reconciler.Observation{}, err
	}
	mapper, err := newMapper(nil, nil)
	if err != nil {
		return reconciler.Observation{}, err
	}
	hedge, err := connections.NewClient(nil, mapper)
	if err != nil {
		return reconciler.Observation{}, err
	}
	return reconciler.Observation{
		Pod: pod, PodUID: types.UID(os.Getenv(podUIDVariable)), PeerAddress: o.PeerAddress, Connections: connections, Hedge: hedge,
	}, nil
}
