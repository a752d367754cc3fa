package failover

import (
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// unstable describes how the decision that follows a commit would differ from the commit, although nothing else has changed; "" if it would
// not. It reads what the commit writes with the same functions. A commit that would not read back would be followed by another one at once,
// and that by another.
//
// A leader that is lost is replaced even if another move would follow: until then there is no traffic.
func (in input) unstable(p plan, now time.Time) string {
	if !p.writesPrimary {
		return ""
	}
	written := leaderslice.Parse(p.writes[0].Desired)
	next := in
	next.record.Slices = maps.Clone(in.record.Slices)
	if next.record.Slices == nil {
		next.record.Slices = map[string]leaderslice.Slice{}
	}
	next.record.Slices[written.Name] = written
	next.record.HighestTerm = max(in.record.HighestTerm, p.after.Term)
	again := decide(next, now)
	switch before := again.before; {
	case before.Term != p.after.Term:
		return "its term would not be believed" // without the number, which is another one each time
	case before.Leader.UID != p.after.Leader.UID:
		return fmt.Sprintf("pod %q would be read as %q", p.after.Leader.Name, before.Leader.Name)
	case p.decision.Move && p.decision.Reason.Loss():
		return ""
	case again.decision.Move:
		return fmt.Sprintf("the leader would move on from %q to %q at once", p.after.Leader.Name, again.after.Leader.Name)
	case again.writesPrimary:
		return "the EndpointSlice would be written again at once"
	}
	return ""
}

// pause returns how long a commit has to wait because it would not last, because the Service has had too many, or because someone keeps
// undoing it; zero if it may be made now.
func (c *Controller) pause(key types.NamespacedName, in input, p plan, decided, now time.Time) time.Duration {
	if wait := c.paceDelay(key, in, now); wait > 0 {
		return wait
	}
	if problem := in.unstable(p, decided); problem != "" {
		return c.reportUnstable(key, in, problem, now)
	}
	c.unstableBackoff.Forget(key)
	c.unstableWarnings.Filter(key, nil)
	return c.repairDelay(key, in, p, now)
}

// reportUnstable counts a commit that is not made because it would not last, sends one Event about it, and returns when to decide again.
func (c *Controller) reportUnstable(key types.NamespacedName, in input, problem string, now time.Time) time.Duration {
	c.metrics.unstable.Inc()
	tried := c.unstableBackoff.Record(key, "commit", now)
	if c.holdsLease() {
		notify.Emit(c.recorder, c.unstableWarnings.Filter(key, []notify.Warning{{
			Object: in.source, Related: in.leaderService, Reason: notify.ReasonCommitUnstable, Action: notify.ActionElect,
			Note: fmt.Sprintf("EndpointSlice %s is not written, because it would have to be written again at once: %s. "+
				"Look for annotations of Service %s and of its EndpointSlices that someone has changed",
				leaderslice.Names(in.leaderService)[0], problem, in.leaderService.Name),
		}}))
	}
	return min(tried.Delay(), maxRefusalDelay)
}

// paceDelay returns how long a commit has to wait because the Service has had many within seconds. It counts the commits that wait, and
// sends one Event until the Service has calmed down.
func (c *Controller) paceDelay(key types.NamespacedName, in input, now time.Time) time.Duration {
	wait := c.pace.Remaining(key, now)
	if wait == 0 {
		return 0
	}
	c.metrics.slowed.Inc()
	if c.pace.Slowed(key) && c.holdsLease() {
		notify.Emit(c.recorder, []notify.Warning{{
			Object: in.source, Related: in.leaderService, Reason: notify.ReasonWritesSlowed, Action: notify.ActionElect,
			Note: fmt.Sprintf("the leader or its EndpointSlice changes again and again, so Tanist writes it at most three times a second. "+
				"Look for what changes Service %s, its leader Service, the EndpointSlice or the readiness of the pods", in.source.Name),
		}})
	}
	return wait
}
