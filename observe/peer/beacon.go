package peer

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// beaconEvery is how often a replica says at most that it lives.
const beaconEvery = 500 * time.Millisecond

// Beacon is how a replica that hears no peer shows through the API that it lives: it renews a Lease of its own, which goes with its pod.
type Beacon struct {
	// Namespace is Tanist's own namespace, and Pod the name of this replica's pod.
	Namespace, Pod string
	Client         client.Writer
	// Live reads from the API server.
	Live client.Reader

	mu    sync.Mutex
	wrote time.Time
}

// LeaseOf returns the name of a replica's own Lease.
func LeaseOf(pod string) string { return config.LeaseName + "-" + pod }

// Write renews this replica's Lease, at most twice a second.
func (b *Beacon) Write(ctx context.Context) error {
	if !b.due(time.Now()) {
		return nil
	}
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: b.Namespace, Name: LeaseOf(b.Pod)}}
	err := b.Live.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("failed to read Lease %s: %w", lease.Name, err)
	}
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = &b.Pod, &metav1.MicroTime{Time: time.Now()}
	if !apierrors.IsNotFound(err) {
		if err := b.Client.Update(ctx, lease); err != nil {
			return fmt.Errorf("failed to renew Lease %s: %w", lease.Name, err)
		}
		return nil
	}
	pod := &corev1.Pod{}
	if err := b.Live.Get(ctx, types.NamespacedName{Namespace: b.Namespace, Name: b.Pod}, pod); err == nil {
		lease.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}}
	}
	if err := b.Client.Create(ctx, lease); err != nil {
		return fmt.Errorf("failed to create Lease %s: %w", lease.Name, err)
	}
	return nil
}

// due reports whether another write may be made, and counts it.
func (b *Beacon) due(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.wrote) < beaconEvery {
		return false
	}
	b.wrote = now
	return true
}

// Version returns the version of a replica's Lease, read from the API server; empty if it has none. The replica lives if the version
// changes. Its time is not compared with anything: clocks differ.
func (b *Beacon) Version(ctx context.Context, replica string) (string, error) {
	lease := &coordinationv1.Lease{}
	err := b.Live.Get(ctx, types.NamespacedName{Namespace: b.Namespace, Name: LeaseOf(replica)}, lease)
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("failed to read Lease %s: %w", LeaseOf(replica), err)
	}
	return lease.ResourceVersion, nil
}
