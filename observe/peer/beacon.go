package peer

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

const (
	// apiTimeout is how long one use of the API may take. A later answer would be of no use.
	apiTimeout = time.Second
	// aliveLayout is RFC 3339 with milliseconds.
	aliveLayout = "2006-01-02T15:04:05.000Z07:00"
)

// Beacon is how a replica that hears no other says through the API that it lives, and with it its node: in a Lease of its own, in Tanist's
// namespace. The link between two nodes can be cut while both reach the API server. The Lease is created when it is first needed.
type Beacon struct {
	// Leases are read from the API server, not from a cache.
	Leases client.Client
	// Namespace is Tanist's own, and Pod the name of this replica's pod.
	Namespace, Pod string
	// UID is that of the pod, which the Lease is deleted with. It may be empty: then the Lease stays.
	UID types.UID

	// written is the Lease as this replica last wrote it; nil if it must be read first. Only SayAlive uses it.
	written *coordinationv1.Lease
}

// SayAlive writes into this replica's Lease that it is alive. It takes at most a second. It is an error if the Lease has another holder. It
// must not be called twice at a time.
func (b *Beacon) SayAlive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	if lease := b.written; lease != nil {
		b.written = nil
		b.render(lease, time.Now())
		if b.Leases.Update(ctx, lease) == nil {
			b.written = lease
			return nil
		} // somebody may have changed the Lease
	}
	lease := &coordinationv1.Lease{ObjectMeta: b.meta(b.Pod)}
	write := func() error { return b.Leases.Update(ctx, lease) }
	err := b.Leases.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if apierrors.IsNotFound(err) {
		lease = &coordinationv1.Lease{ObjectMeta: b.meta(b.Pod)}
		write = func() error { return b.Leases.Create(ctx, lease) }
	} else if err != nil {
		return fmt.Errorf("failed to get Lease %s: %w", lease.Name, err)
	}
	if holder := ptr.Deref(lease.Spec.HolderIdentity, b.Pod); holder != b.Pod {
		return fmt.Errorf("failed to write Lease %s: it is held by %q", lease.Name, holder)
	}
	b.render(lease, time.Now())
	if err := write(); err != nil {
		return fmt.Errorf("failed to write Lease %s: %w", lease.Name, err)
	}
	b.written = lease
	return nil
}

// AliveSince returns the time at which the replica last said that it is alive, by its own clock; zero if it never did. It takes at most a second.
func (b *Beacon) AliveSince(ctx context.Context, replica string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	lease := &coordinationv1.Lease{ObjectMeta: b.meta(replica)}
	err := b.Leases.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if client.IgnoreNotFound(err) != nil {
		return time.Time{}, fmt.Errorf("failed to get Lease %s: %w", leaseName(replica), err)
	}
	if err != nil || lease.Spec.RenewTime == nil {
		return time.Time{}, nil
	}
	return lease.Spec.RenewTime.Time, nil
}

// render sets everything of the Lease that is this replica's. A pod of the same name may have left the Lease.
func (b *Beacon) render(lease *coordinationv1.Lease, now time.Time) {
	metav1.SetMetaDataLabel(&lease.ObjectMeta, config.ManagedByKey, config.ManagedBy)
	metav1.SetMetaDataAnnotation(&lease.ObjectMeta, config.AliveKey, now.UTC().Format(aliveLayout))
	lease.OwnerReferences = nil
	if b.UID != "" {
		lease.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: corev1.SchemeGroupVersion.String(), Kind: "Pod", Name: b.Pod, UID: b.UID,
		}}
	}
	lease.Spec.HolderIdentity = new(b.Pod)
	lease.Spec.RenewTime = &metav1.MicroTime{Time: now}
}

func (b *Beacon) meta(replica string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: b.Namespace, Name: leaseName(replica)}
}

// leaseName is the name of a replica's Lease. That of all replicas is config.LeaseName.
func leaseName(replica string) string { return config.LeaseName + "-" + replica }
