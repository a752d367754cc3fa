package failover

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// pause returns how long a commit has to wait because it would not last, because the Service has had too many, or because someone keeps
// undoing it; zero if it may be made now.
func (c *Controller) pause(key types.NamespacedName, in planner.Input, p planner.Plan, decided, now time.Time) time.Duration {
	if problem := in.Unstable(p, decided); problem != "" {
		return c.reportUnstable(key, in, problem, now)
	}
	c.unstableBackoff.Forget(key)
	c.unstableWarnings.Filter(key, nil)
	if what := p.RepairedMetadata(); what != "" {
		if wait := c.repairBackoff.Remaining(key, what, now); wait > 0 {
			return wait
		}
	}
	return c.paceDelay(key, in, now) // last, because it takes a turn
}

// recordRepair counts a plan that was carried out and repairs metadata alone. It sends one Event when someone keeps undoing such repairs.
func (c *Controller) recordRepair(key types.NamespacedName, in planner.Input, p planner.Plan, now time.Time) {
	what := p.RepairedMetadata()
	if what == "" || c.repairBackoff.Record(key, what, now).Times != notify.ImmediateAttempts+1 {
		return
	}
	slice := p.Writes[0].Current
	notify.Emit(c.recorder, []notify.Warning{{
		Object: in.Source, Related: slice, Reason: notify.ReasonContested, Action: notify.ActionElect,
		Note: fmt.Sprintf("someone keeps changing EndpointSlice %s, and Tanist keeps changing it back (%s). To see who, run "+
			"kubectl get endpointslice %s --namespace %s --show-managed-fields -o yaml",
			slice.Name, what, slice.Name, slice.Namespace),
	}})
}

// reportUnstable counts a commit that is not made because it would not last, sends one Event about it, and returns when to decide again.
func (c *Controller) reportUnstable(key types.NamespacedName, in planner.Input, problem string, now time.Time) time.Duration {
	c.metrics.unstable.Inc()
	tried := c.unstableBackoff.Record(key, "commit", now)
	if c.holdsLease() {
		notify.Emit(c.recorder, c.unstableWarnings.Filter(key, []notify.Warning{{
			Object: in.Source, Related: in.LeaderService, Reason: notify.ReasonCommitUnstable, Action: notify.ActionElect,
			Note: fmt.Sprintf("EndpointSlice %s is not written, because it would have to be written again at once: %s. "+
				"Look for annotations of Service %s and of its EndpointSlices that someone has changed",
				leaderslice.Names(in.LeaderService)[0], problem, in.LeaderService.Name),
		}}))
	}
	return min(tried.Delay(), maxRefusalDelay)
}

// paceDelay returns how long a commit has to wait because the Service has had many within seconds. It counts the commits that wait, and
// sends one Event until the Service has calmed down.
func (c *Controller) paceDelay(key types.NamespacedName, in planner.Input, now time.Time) time.Duration {
	wait := c.pace.Wait(key, now)
	if wait == 0 {
		return 0
	}
	c.metrics.slowed.Inc()
	if c.pace.Slowed(key) && c.holdsLease() {
		notify.Emit(c.recorder, []notify.Warning{{
			Object: in.Source, Related: in.LeaderService, Reason: notify.ReasonWritesSlowed, Action: notify.ActionElect,
			Note: fmt.Sprintf("the leader or its EndpointSlice changes again and again, so Tanist writes it at most three times a second, "+
				"and less often if this is so for many Services of the namespace. "+
				"Look for what changes Service %s, its leader Service, the EndpointSlice or the readiness of the pods", in.Source.Name),
		}})
	}
	return wait
}
