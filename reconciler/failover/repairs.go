package failover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// repairedMetadata returns the keys of the labels and annotations that a plan repairs, if it changes nothing else. The values are left out:
// they need not be the same each time. It returns "" for a plan that changes the traffic or the leader.
func (p *plan) repairedMetadata() string {
	var all []string
	for _, write := range p.writes {
		if p.decision.Move || write.Current == nil || !leaderslice.SameTraffic(write.Current, write.Desired) {
			return ""
		}
		for _, change := range metadataChanges(write) {
			if !slices.Contains(all, change) {
				all = append(all, change)
			}
		}
	}
	return strings.Join(all, ", ")
}

// metadataChanges returns the keys of the labels and annotations that a write changes.
func metadataChanges(write cache.Write) []string {
	next := updatedSlice(write.Current, write.Desired)
	changes := slices.Concat(
		leaderslice.ChangedKeys("label ", write.Current.Labels, next.Labels),
		leaderslice.ChangedKeys("annotation ", write.Current.Annotations, next.Annotations))
	for i, change := range changes {
		changes[i], _, _ = strings.Cut(change, "=")
	}
	if len(changes) == 0 {
		return []string{"owner references"}
	}
	return changes
}

// repairDelay returns how long a repair of metadata waits that someone keeps undoing, and counts a repair that does not wait. It sends one
// Event about it. A plan that changes the traffic or the leader never waits.
func (c *Controller) repairDelay(key types.NamespacedName, in input, p plan, now time.Time) time.Duration {
	what := p.repairedMetadata()
	if what == "" {
		return 0
	}
	if wait := c.repairBackoff.Remaining(key, what, now); wait > 0 {
		return wait
	}
	if tried := c.repairBackoff.Record(key, what, now); tried.Times == notify.ImmediateAttempts+1 {
		slice := p.writes[0].Current
		notify.Emit(c.recorder, []notify.Warning{{
			Object: in.source, Related: slice, Reason: notify.ReasonContested, Action: notify.ActionElect,
			Note: fmt.Sprintf("someone keeps changing EndpointSlice %s, and Tanist keeps changing it back (%s). To see who, run "+
				"kubectl get endpointslice %s --namespace %s --show-managed-fields -o yaml",
				slice.Name, what, slice.Name, slice.Namespace),
		}})
	}
	return 0
}

// maxRefusalDelay is the longest delay before a refused commit is tried again. It is short because traffic may depend on the commit.
const maxRefusalDelay = 10 * time.Second

// reportRefusal sends an Event about a write that the API server refuses, and returns when to try again. The API server refuses the write
// of every replica, so only the one that holds the Lease sends the Event.
func (c *Controller) reportRefusal(key types.NamespacedName, in input, err error) reconcile.Result {
	tried := c.refusalBackoff.Record(key, err.Error(), time.Now())
	if c.holdsLease() {
		notify.Emit(c.recorder, c.refusalWarnings.Filter(key, []notify.Warning{notify.WriteRefusedWarning(in.source, notify.ActionElect, err, tried)}))
	}
	return reconcile.Result{RequeueAfter: min(tried.Delay(), maxRefusalDelay)}
}
