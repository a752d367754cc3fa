package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/tanist-dev/tanist/config"
)

// The times of the Lease are the defaults of Kubernetes' control plane. A holder that cannot renew it gives up after renewDeadline.
// Another replica takes it leaseDuration after the last renewal.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// errOlderReplicas is why this replica does not take the Lease.
var errOlderReplicas = errors.New("replicas of an older version are running: one of them must hold the Lease")

// lease is the lock of the leader election. It remembers when it was last renewed. A process that was stopped for a while does not learn
// immediately that another one holds the Lease, and must not act as the holder.
type lease struct {
	resourcelock.Interface
	// older reports whether replicas of a version are running that does not know the rules of this one.
	older func() bool
	// regained is called when a renewal succeeds after the one before had become too old. In between, this replica decided as one that
	// does not hold the Lease.
	regained func()
	// renewed is when the last successful renewal was sent; nil while this replica does not hold the Lease.
	renewed atomic.Pointer[time.Time]
}

func newLease(cluster *rest.Config, namespace string) (*lease, error) {
	pod, err := podName()
	if err != nil {
		return nil, err
	}
	lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, namespace, config.LeaseName,
		resourcelock.ResourceLockConfig{Identity: pod + "_" + string(uuid.NewUUID())}, cluster, renewDeadline)
	if err != nil {
		return nil, fmt.Errorf("failed to create lock of the Lease: %w", err)
	}
	return &lease{Interface: lock, older: func() bool { return false }, regained: func() {}}, nil
}

// Held reports whether this replica certainly holds the Lease: its last renewal is less than renewDeadline old, by either clock.
func (l *lease) Held() bool {
	renewed := l.renewed.Load()
	if renewed == nil {
		return false
	}
	now := time.Now()
	// The monotonic clock stops while the machine sleeps, and the wall clock may be set.
	return max(now.Sub(*renewed), now.Round(0).Sub(renewed.Round(0))) < renewDeadline
}

// Create implements resourcelock.Interface.
func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Create)
}

// Update implements resourcelock.Interface.
func (l *lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Update)
}

func (l *lease) write(
	ctx context.Context, record resourcelock.LeaderElectionRecord,
	write func(context.Context, resourcelock.LeaderElectionRecord) error,
) error {
	takes := record.HolderIdentity == l.Identity()
	if !takes {
		l.renewed.Store(nil) // this replica gives the Lease up, and is not the holder from now on
	} else if l.renewed.Load() == nil && l.older() {
		return errOlderReplicas
	}
	sent := time.Now()
	err := write(ctx, record)
	if err != nil || !takes {
		return err
	}
	lapsed := l.renewed.Load() != nil && !l.Held()
	l.renewed.Store(&sent)
	if lapsed {
		l.regained()
	}
	return nil
}
