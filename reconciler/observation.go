package reconciler

import (
	"cmp"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/observe/peer"
	"github.com/tanist-dev/tanist/observe/watch"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// newObserver adds to the manager what notices losses, and returns it. Nothing is watched before failover asks for it.
func (o Options) newObserver(mgr manager.Manager, stores *store.Stores) (*watch.Watcher, error) {
	api, err := o.Observation.Connections.NewLiveChecker()
	if err != nil {
		return nil, err
	}
	leases, err := o.Observation.Connections.NewLeaseClient()
	if err != nil {
		return nil, err
	}
	watcher, err := watch.New(watch.Options{
		Self: o.Observation.Pod, Cluster: stores, Tuning: o.Tuning, Peers: peer.NewPeers(), API: api, Registerer: o.Registerer,
		Beacon: &peer.Beacon{
			Namespace: o.Namespace, Pod: o.Observation.Pod, UID: o.Observation.PodUID, Leases: leases,
		},
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(watcher); err != nil {
		return nil, fmt.Errorf("failed to add observer: %w", err)
	}
	return watcher, peer.AddServer(mgr, cmp.Or(o.Observation.PeerAddress, "0"), watcher)
}
