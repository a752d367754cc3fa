package leaderservice

import (
	"context"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/config"
)

// otherGrace is for how long another installation's Lease must have been gone before its leader Services are taken over.
const otherGrace = 10 * time.Minute

// installations remember what was seen of other installations of Tanist.
type installations struct {
	mu sync.Mutex
	// of has an entry for each that a leader Service has named. There are as many as there are Tanists, which is few.
	of map[string]observation
}

// observation is when a Lease was looked at, since when it has not been there (zero while it is), and whether its holder has been gone for long
// enough.
type observation struct {
	looked, missing time.Time
	gone            bool
}

func newInstallations() *installations {
	return &installations{of: map[string]observation{}}
}

// otherGone reports whether the installation in a namespace has been gone for long enough. Its Lease is read live, now and then; as long
// as it cannot be read, it counts as there.
func (s *Controller) otherGone(ctx context.Context, namespace string, now time.Time) bool {
	if s.stores.Terminating(namespace) { // nothing can run in a namespace that is not there
		return true
	}
	seen := s.installations.get(namespace)
	if now.Sub(seen.looked) < otherCheck/2 {
		return seen.gone
	}
	lease := &coordinationv1.Lease{}
	err := s.do(ctx, opReadLive, func(ctx context.Context) error {
		return s.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: config.LeaseName}, lease)
	})
	switch {
	case apierrors.IsNotFound(err):
		seen = seen.absent(now)
	case err != nil:
		logf.FromContext(ctx).V(1).Info("Failed to read another installation's Lease", "namespace", namespace, "error", err.Error())
		seen = observation{looked: now}
	default:
		seen = observation{looked: now, gone: abandoned(lease, now)}
	}
	s.installations.set(namespace, seen)
	return seen.gone
}

// absent is what to remember when there is no Lease.
func (s observation) absent(now time.Time) observation {
	if s.missing.IsZero() {
		s.missing = now
	}
	return observation{looked: now, missing: s.missing, gone: now.Sub(s.missing) >= otherGrace}
}

// abandoned reports whether nobody has held a Lease for long.
func abandoned(lease *coordinationv1.Lease, now time.Time) bool {
	last := lease.CreationTimestamp.Time
	if lease.Spec.RenewTime != nil {
		last = lease.Spec.RenewTime.Time
	}
	if lease.Spec.LeaseDurationSeconds != nil {
		last = last.Add(time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second)
	}
	return now.Sub(last) >= otherGrace
}

func (i *installations) get(namespace string) observation {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.of[namespace]
}

func (i *installations) set(namespace string, seen observation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.of[namespace] = seen
}
