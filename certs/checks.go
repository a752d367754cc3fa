package certs

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// interval is how often to check without a change: certificates expire, and renewals become late, with time alone.
const interval = time.Minute

// checks is the Runnable that makes both checks, on every replica, and reports their findings.
type checks struct {
	trust *trust
	// issuance checks what issues the certificates.
	issuance func(now time.Time) []finding
	// changed holds at most one change that has not been checked yet.
	changed  chan struct{}
	elected  <-chan struct{}
	recorder events.EventRecorder

	// sent deduplicates the Events, which only the holder of the Lease sends. logged deduplicates the log of each replica.
	sent, logged deduplicator
}

// wake triggers a check. It never blocks.
func (c *checks) wake() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// NeedLeaderElection is false: each replica serves a certificate of its own.
func (c *checks) NeedLeaderElection() bool { return false }

// Start checks after each change, and from time to time, until the context ends.
func (c *checks) Start(ctx context.Context) error {
	go func() {
		// An informer sends no event for a configuration that does not exist.
		if toolscache.WaitForCacheSync(ctx.Done(), c.trust.validating.synced, c.trust.mutating.synced) {
			c.wake()
		}
	}()
	elected := c.elected
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.changed:
		case <-time.After(c.check(ctx, time.Now())):
		case <-elected: // this replica now reports what was wrong before
			elected = nil
		}
	}
}

// check makes both checks, and returns after how long to check again at the latest.
func (c *checks) check(ctx context.Context, now time.Time) time.Duration {
	untrusted := c.trust.check(now)
	all := append(slices.Clone(untrusted), c.issuance(now)...)

	// The readiness check tells the kubelet only that it fails. Whoever looks at an installation that does not become ready reads the log.
	due, soon := c.logged.due(now, untrusted, true)
	for _, f := range due {
		logf.FromContext(ctx).Error(nil, "Webhooks are not trusted", "kind", f.about.Kind, "name", f.about.Name, "problem", f.problem)
	}
	next := cmp.Or(soon, interval)

	due, soon = c.sent.due(now, all, c.isElected())
	for _, f := range due {
		c.recorder.Eventf(&f.about, nil, corev1.EventTypeWarning, f.reason, f.action, "%s", f.problem)
	}
	return min(next, cmp.Or(soon, interval))
}

func (c *checks) isElected() bool {
	select {
	case <-c.elected:
		return true
	default:
		return false
	}
}
