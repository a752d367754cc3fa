package reconciler

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/grant/server"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// replicaPods has the pods of this installation. It implements toolscache.ResourceEventHandler, so that it knows of a pod only what a handler was told.
// The informer's store would not do. A pod is gone from it before any handler hears of that, and for that long nobody would know that a replica
// has left whose grants may still be valid.
type replicaPods struct {
	// self is the name of this replica's pod.
	self string
	// synced reports whether all pods that there were at the start are known.
	synced func() bool

	// mu guards the following, so that a pod leaves pods and sets lastLeft in one step.
	mu sync.Mutex
	// pods are those that have not finished, by name, ready or not.
	pods map[string]*corev1.Pod
	// lastLeft is when a replica was last seen to go. At first it is when this replica came to know of the others: who had gone by then is not known.
	lastLeft time.Time
}

// watchReplicas returns the pods of this installation, and keeps them up to date.
func watchReplicas(ctx context.Context, self string, replicas ctrlcache.Informers) (*replicaPods, error) {
	informer, err := replicas.GetInformer(ctx, &corev1.Pod{}, ctrlcache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("failed to get informer of replicas: %w", err)
	}
	r := &replicaPods{self: self, pods: map[string]*corev1.Pod{}}
	registered, err := informer.AddEventHandler(r)
	if err != nil {
		return nil, fmt.Errorf("failed to watch replicas: %w", err)
	}
	r.synced = registered.HasSynced
	return r, nil
}

// OnAdd implements toolscache.ResourceEventHandler.
func (r *replicaPods) OnAdd(object any, isInInitialList bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if isInInitialList {
		r.lastLeft = time.Now()
	}
	r.put(object)
}

// OnUpdate implements toolscache.ResourceEventHandler.
func (r *replicaPods) OnUpdate(_, object any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(object)
}

// OnDelete implements toolscache.ResourceEventHandler. A pod that finishes is deleted for the informer, too.
func (r *replicaPods) OnDelete(object any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastLeft = time.Now()
	if name, err := toolscache.DeletionHandlingObjectToName(object); err == nil {
		delete(r.pods, name.Name)
	}
}

// put adds a pod or a version of it. mu must be held.
func (r *replicaPods) put(object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	if before := r.pods[pod.Name]; before != nil && before.UID != pod.UID { // its deletion was missed
		r.lastLeft = time.Now()
	}
	r.pods[pod.Name] = pod
}

// Replicas implements server.Cluster. A replica without a port for grants gives none.
func (r *replicaPods) Replicas() server.Replicas {
	synced := r.synced()
	r.mu.Lock()
	defer r.mu.Unlock()
	replicas := server.Replicas{Hidden: !synced, Left: r.lastLeft}
	for _, pod := range r.pods {
		port := store.NamedPort(pod, config.GrantsPort)
		address := store.Address(pod)
		switch {
		case pod.Name == r.self || port == 0:
		case !address.IsValid() && pod.Status.Phase == corev1.PodPending: // it has not run yet
		case !address.IsValid() || pod.Spec.HostNetwork: // others on its node have the same address
			replicas.Hidden = true
		default:
			replicas.Addresses = append(replicas.Addresses, netip.AddrPortFrom(address.Unmap(), port))
		}
	}
	return replicas
}
