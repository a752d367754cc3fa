package leaderservice

import (
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
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
