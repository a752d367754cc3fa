package failover

import (
	"cmp"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// PrepareDeparture prepares a hand-over for every Service that the pod leads (see reconciler.Admission.Prepare). It reads from memory
// alone.
func (c *Controller) PrepareDeparture(departure cache.Departure, now time.Time) []cache.Handover {
	name := types.NamespacedName{Namespace: departure.Namespace, Name: departure.Name}
	pod := c.stores.Pod(name)
	if pod != nil && departure.UID == "" {
		departure.UID = pod.UID
	}
	if pod != nil && pod.UID == departure.UID && pod.DeletionTimestamp != nil {
		return nil // the pod is terminating, so its Services are being handed over already
	}
	// Anybody could mark pods in this way, and so have a worse one follow.
	if !departure.Unauthenticated && pod != nil && pod.UID == departure.UID {
		c.noteDeparture(pod, now)
	}
	var all []cache.Handover
	for _, key := range c.leaders.LedBy(name) {
		if handOver, leads := c.prepareService(key, departure, now); leads {
			all = append(all, handOver)
		}
	}
	slices.SortFunc(all, func(a, b cache.Handover) int { return cmp.Compare(a.Service.String(), b.Service.String()) })
	return all
}

// noteDeparture notes that admission has seen the departure of a pod, and has the Services that select it decided again when it counts as refused.
func (c *Controller) noteDeparture(pod *corev1.Pod, now time.Time) {
	ttl := c.tuning.Load().Cache.PreparedTTL.Duration
	for i, service := range c.stores.ServicesSelecting(pod.Namespace, pod.Labels) {
		if i == 0 {
			c.leaders.DepartureAdmitted(pod.UID, now, now.Add(ttl))
		}
		c.enqueueAfter(types.NamespacedName{Namespace: service.Namespace, Name: service.Name}, ttl)
	}
}

// prepareService prepares the hand-over of one source Service. It returns false when the pod is not known to lead the Service.
func (c *Controller) prepareService(key types.NamespacedName, departure cache.Departure, now time.Time) (cache.Handover, bool) {
	in, warm := c.loadWarm(key)
	if !warm {
		c.leaders.Admitted(key, departure.UID)
		c.enqueueAfter(key, 0) // the reconciliation reads what is missing, before the event of the deletion needs it
		return cache.Handover{}, false
	}
	if state, _ := in.RecordedState(c.clock.Now()); departure.UID == "" || state.Leader.UID != departure.UID {
		return cache.Handover{}, false
	}
	prepared, ok := planner.Prepare(in, departure, c.clock.Now())
	if !ok {
		c.leaders.Admitted(key, departure.UID)
		// Where the Service follows a Lease, the application decides who follows.
		return cache.Handover{Service: key}, in.Options.FollowLease == ""
	}
	prepared.Expires = now.Add(in.Tuning.Cache.PreparedTTL.Duration)
	prepared.At, prepared.TraceParent = time.Now(), departure.TraceParent
	c.leaders.Prepare(key, prepared)
	if prepared.AtOnce {
		c.triggers.Record(key, now)
		c.enqueueAfter(key, 0)
	}
	c.enqueueAfter(key, prepared.Expires.Sub(now)) // the reconciliation drops what has expired
	return cache.Handover{Service: key, Successor: prepared.After.Leader.Name}, true
}

// loadWarm returns the input of a decision if all of it is in memory, and new enough to act upon.
func (c *Controller) loadWarm(key types.NamespacedName) (in planner.Input, warm bool) {
	if in, warm = c.loadFromInformers(key); warm {
		in.Record, warm = c.leaders.PeekComplete(key, in.Want())
	}
	return in, warm && !in.HasOtherOwner() && !in.Behind()
}

// takePreparedInPace is takePrepared, unless the Service has had too many commits: then the hand-over stays prepared.
func (c *Controller) takePreparedInPace(key types.NamespacedName, in *planner.Input) (planner.Plan, origin, bool) {
	if c.pace.Remaining(key, time.Now()) > 0 {
		return planner.Plan{}, origin{}, false
	}
	return c.takePrepared(key, in)
}

// takePrepared returns the hand-over that admission has prepared for a Service as a plan, if the leader's departure is seen and nothing
// that matters has changed since.
func (c *Controller) takePrepared(key types.NamespacedName, in *planner.Input) (planner.Plan, origin, bool) {
	now, local := c.clock.Now(), time.Now()
	prepared, record := c.leaders.TakePrepared(key, in.Want(), func(record cache.Record, prepared *cache.Prepared) cache.Outcome {
		return planner.PreparedOutcome(in.WithRecord(record), prepared, now, local)
	})
	if prepared == nil {
		return planner.Plan{}, origin{}, false
	}
	in.Record = record
	return planner.PreparedPlan(*in, prepared, now), origin{pathPrepared, prepared.At, prepared.TraceParent}, true
}

// commitOutcome returns what became of a prepared hand-over after the attempt to commit it. One that failed for another reason than a
// conflict is stale: the Service is decided again.
func commitOutcome(committed bool, err error) cache.Outcome {
	switch {
	case committed:
		return cache.OutcomeUsed
	case errors.Is(err, errOutdated):
		return cache.OutcomeSuperseded
	default:
		return cache.OutcomeStale
	}
}
