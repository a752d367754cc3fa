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
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

const (
	// beaconInterval is how often a replica says that it lives, at most.
	beaconInterval = 500 * time.Millisecond
	// apiTimeout is how long one use of the API may take. A later answer would be of no use.
	apiTimeout = time.Second
	// aliveLayout is RFC 3339 with milliseconds.
	aliveLayout = "2006-01-02T15:04:05.000Z07:00"
)

// Beacon is how a replica that hears no other says through the API that it lives, and with it its node: in a Lease of its own, in Tanist's
// namespace. The link between two nodes can be cut while both reach the API server. The Lease is created when it is first needed.
type Beacon struct {
	// Reader must read from the API server, not from a cache.
	Reader client.Reader
	Writer client.Writer
	// Namespace is Tanist's own, and Pod the name of this replica's pod.
	Namespace, Pod string
	// UID is that of the pod, which the Lease is deleted with. It may be empty: then the Lease stays.
	UID types.UID

	// mu guards said.
	mu sync.Mutex
	// said is when the last attempt to write began.
	said time.Time
}

// SayAlive writes into this replica's Lease that it is alive. It does nothing if the last attempt began less than 500 ms ago, and takes at
// most a second. It is an error if the Lease has another holder.
func (b *Beacon) SayAlive(ctx context.Context) error {
	now := time.Now()
	if !b.due(now) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	lease := &coordinationv1.Lease{ObjectMeta: b.meta(b.Pod)}
	write := func() error { return b.Writer.Update(ctx, lease) }
	err := b.Reader.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if apierrors.IsNotFound(err) {
		lease = &coordinationv1.Lease{ObjectMeta: b.meta(b.Pod)}
		write = func() error { return b.Writer.Create(ctx, lease) }
	} else if err != nil {
		return fmt.Errorf("failed to get Lease %s: %w", lease.Name, err)
	}
	if holder := ptr.Deref(lease.Spec.HolderIdentity, b.Pod); holder != b.Pod {
		return fmt.Errorf("failed to write Lease %s: it is held by %q", lease.Name, holder)
	}
	b.render(lease, now)
	if err := write(); err != nil {
		return fmt.Errorf("failed to write Lease %s: %w", lease.Name, err)
	}
	return nil
}

// AliveSince returns the time at which the replica last said that it is alive, by its own clock; zero if it never did. It takes at most a second.
func (b *Beacon) AliveSince(ctx context.Context, replica string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	lease := &coordinationv1.Lease{ObjectMeta: b.meta(replica)}
	err := b.Reader.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	if client.IgnoreNotFound(err) != nil {
		return time.Time{}, fmt.Errorf("failed to get Lease %s: %w", leaseName(replica), err)
	}
	if err != nil || lease.Spec.RenewTime == nil {
		return time.Time{}, nil
	}
	return lease.Spec.RenewTime.Time, nil
}

// due reports whether it is time to write again. If so, the caller must try.
func (b *Beacon) due(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.said.IsZero() && now.Sub(b.said) < beaconInterval {
		return false
	}
	b.said = now
	return true
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
