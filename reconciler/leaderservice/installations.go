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

const (
	// takeoverDelay is how long another installation's Lease must have been gone before this installation serves its leader Services.
	takeoverDelay = 10 * time.Minute
	// installationCheckInterval is how often to check whether another installation still exists.
	installationCheckInterval = time.Minute
)

// installations remembers what was observed of other installations of Tanist.
type installations struct {
	mu sync.Mutex
	// byNamespace has an entry for each installation that a leader Service has named. There are few, so no entry is removed.
	byNamespace map[string]observation
}

// observation is what was observed of an installation's Lease.
type observation struct {
	checked time.Time
	// missing is since when the Lease has not existed; zero while it does.
	missing time.Time
	// gone says that the Lease has had no holder for takeoverDelay.
	gone bool
}

func newInstallations() *installations {
	return &installations{byNamespace: map[string]observation{}}
}

// installationGone reports whether the installation in a namespace has been gone for takeoverDelay. It reads the Lease live, at most twice
// in installationCheckInterval. An installation whose Lease cannot be read counts as existing.
func (c *Controller) installationGone(ctx context.Context, namespace string, now time.Time) bool {
	if c.stores.Terminating(namespace) { // nothing new can run in a namespace that is being deleted, or is gone
		return true
	}
	seen := c.installations.get(namespace)
	if now.Sub(seen.checked) < installationCheckInterval/2 {
		return seen.gone
	}
	lease := &coordinationv1.Lease{}
	err := c.do(ctx, opReadLive, func(ctx context.Context) error {
		return c.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: config.LeaseName}, lease)
	})
	switch {
	case apierrors.IsNotFound(err):
		seen = seen.withoutLease(now)
	case err != nil:
		logf.FromContext(ctx).V(1).Info("Failed to read another installation's Lease", "namespace", namespace, "error", err.Error())
		seen = observation{checked: now}
	default:
		seen = observation{checked: now, gone: abandoned(lease, now)}
	}
	c.installations.set(namespace, seen)
	return seen.gone
}

// withoutLease returns the next observation when the Lease does not exist.
func (o observation) withoutLease(now time.Time) observation {
	if o.missing.IsZero() {
		o.missing = now
	}
	return observation{checked: now, missing: o.missing, gone: now.Sub(o.missing) >= takeoverDelay}
}

// abandoned reports whether a Lease has had no holder for takeoverDelay.
func abandoned(lease *coordinationv1.Lease, now time.Time) bool {
	heldUntil := lease.CreationTimestamp.Time
	if lease.Spec.RenewTime != nil {
		heldUntil = lease.Spec.RenewTime.Time
	}
	if lease.Spec.LeaseDurationSeconds != nil {
		heldUntil = heldUntil.Add(time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second)
	}
	return now.Sub(heldUntil) >= takeoverDelay
}

func (i *installations) get(namespace string) observation {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.byNamespace[namespace]
}

func (i *installations) set(namespace string, seen observation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.byNamespace[namespace] = seen
}
