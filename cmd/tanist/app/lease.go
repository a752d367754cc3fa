package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// The Lease's times are Kubernetes' own for its control plane. A holder that cannot renew it gives up after renewDeadline; another
// replica takes it leaseDuration after the last renewal.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// errOlderReplicas keeps this replica from taking the Lease.
var errOlderReplicas = errors.New("replicas of an older version run beside this one: the Lease is theirs")

// lease is the lock of the leader election. It knows when it was last renewed: a process that was stopped for a while does not learn
// at once that another one holds the Lease by now, and must not act as if it did.
type lease struct {
	resourcelock.Interface
	// older reports whether replicas of a version run that does not know the rules of this one.
	older func() bool
	// regained is called when a renewal succeeds after the one before had become too old to be relied upon: what came up in between was
	// decided upon as by a replica that does not hold the Lease.
	regained func()
	// renewed is when the last renewal that succeeded was sent; nil while this replica does not hold the Lease.
	renewed atomic.Pointer[time.Time]
}

func newLease(config *rest.Config, namespace string) (*lease, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("failed to name this replica: %w", err)
	}
	lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, namespace, leaseName,
		resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())}, config, renewDeadline)
	if err != nil {
		return nil, fmt.Errorf("failed to make the Lease's lock: %w", err)
	}
	return &lease{Interface: lock, older: func() bool { return false }, regained: func() {}}, nil
}

// Held reports whether this replica holds the Lease for certain: its last renewal is less than renewDeadline old, by any clock.
func (l *lease) Held() bool {
	renewed := l.renewed.Load()
	if renewed == nil {
		return false
	}
	now := time.Now()
	// The monotonic clock stands still while the machine sleeps, the other one may be set.
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
		l.renewed.Store(nil) // it is given back: from before the API server knows
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
