package certs

import (
	"cmp"
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

// interval is how often to check without a change: time alone makes certificates expire and renewals overdue.
const interval = time.Minute

// noteLimit is the longest note in bytes that the API server takes in an Event.
const noteLimit = 1024

// checks is the Runnable that makes both checks, on every replica, and says what they find.
type checks struct {
	trust    *trust
	issuance *issuance
	// changed holds at most one: a change that is not looked at yet.
	changed  chan struct{}
	elected  <-chan struct{}
	recorder events.EventRecorder

	// said are the Events, of the holder of the Lease alone; logged is each replica's own.
	said, logged standing
}

// wake makes it check soon. It never blocks.
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
		// Of a configuration that does not exist no informer sends an event.
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
		case <-elected: // what is wrong since before is this replica's to say now
			elected = nil
		}
	}
}

// check makes both checks and returns when to look again at the latest.
func (c *checks) check(ctx context.Context, now time.Time) time.Duration {
	distrusted := c.trust.check(now)
	troubles := c.issuance.check(now)

	// Readiness tells the kubelet only that it fails; the log is where an installation that waits in vain is looked at.
	news, soon := c.logged.news(now, distrusted, true)
	for _, f := range news {
		logf.FromContext(ctx).Error(nil, "Webhooks are not trusted", "kind", f.about.Kind, "name", f.about.Name, "problem", f.problem)
	}
	again := cmp.Or(soon, interval)

	news, soon = c.said.news(now, append(distrusted, troubles...), c.isElected())
	for _, f := range news {
		c.recorder.Eventf(&f.about, nil, corev1.EventTypeWarning, f.reason, f.action, "%s", note(f.problem))
	}
	return min(again, cmp.Or(soon, interval))
}

func (c *checks) isElected() bool {
	select {
	case <-c.elected:
		return true
	default:
		return false
	}
}

// note is a text short enough for an Event.
func note(text string) string {
	if len(text) <= noteLimit {
		return text
	}
	return strings.ToValidUTF8(text[:noteLimit], "")
}
