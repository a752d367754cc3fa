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

// repairOf names what a plan puts right when that is nothing but metadata: the keys of labels and annotations, without the values,
// which need not be the same each time. It is empty for a plan that traffic or the leader hangs on.
func (p *plan) repairOf() string {
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

// metadataChanges are the keys that a write changes.
func metadataChanges(write cache.Write) []string {
	next := replacing(write.Current, write.Desired)
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

// spaceOut is how long a repair waits that someone undoes again and again; traffic waits for none. One Event tells of it.
func (s *Controller) spaceOut(key types.NamespacedName, in input, plan plan, now time.Time) time.Duration {
	what := plan.repairOf()
	if what == "" {
		return 0
	}
	if wait := s.repairs.Remaining(key, what, now); wait > 0 {
		return wait
	}
	if tried := s.repairs.Record(key, what, now); tried.Times == notify.ImmediateAttempts+1 {
		slice := plan.writes[0].Current
		notify.Emit(s.recorder, []notify.Warning{{
			Object: in.source, Related: slice, Reason: notify.ReasonContested, Action: notify.ActionElect,
			Note: fmt.Sprintf("someone changes EndpointSlice %s again and again, and Tanist puts it back (%s): "+
				"kubectl get endpointslice %s --namespace %s --show-managed-fields -o yaml says who",
				slice.Name, what, slice.Name, slice.Namespace),
		}})
	}
	return 0
}

// longestRefusal is the longest pause before a refused commit is tried again: traffic may hang on it.
const longestRefusal = 10 * time.Second

// tellRefusal tells of a write that the API server refuses, in its own words, and says when to try again. All replicas are refused the
// same; the one that holds the Lease tells.
func (s *Controller) tellRefusal(key types.NamespacedName, in input, err error) reconcile.Result {
	tried := s.refusals.Record(key, err.Error(), time.Now())
	if s.holds() {
		notify.Emit(s.recorder, s.told.Filter(key, []notify.Warning{notify.WriteRefusedWarning(in.source, notify.ActionElect, err, tried)}))
	}
	return reconcile.Result{RequeueAfter: min(tried.Delay(), longestRefusal)}
}
