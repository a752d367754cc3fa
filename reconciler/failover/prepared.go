package failover

import (
	"cmp"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// PrepareDeparture prepares a hand-over for every Service that the pod leads (see reconciler.Admission.Prepare). It reads from memory
// alone.
func (c *Controller) PrepareDeparture(departure cache.Departure, now time.Time) []cache.HandOver {
	name := types.NamespacedName{Namespace: departure.Namespace, Name: departure.Name}
	pod := c.stores.Pod(name)
	if pod != nil && departure.UID == "" {
		departure.UID = pod.UID
	}
	if pod != nil && pod.UID == departure.UID && pod.DeletionTimestamp != nil {
		return nil // the pod is terminating, so its Services are being handed over already
	}
	// Anybody could mark pods in this way, and so have a worse one follow.
	if !departure.Unauthenticated && pod != nil && pod.UID == departure.UID && len(c.stores.ServicesSelecting(pod.Namespace, pod.Labels)) > 0 {
		c.leaders.DepartureAdmitted(pod.UID, now, now.Add(c.tuning.Load().Cache.PreparedTTL.Duration))
	}
	var all []cache.HandOver
	for _, key := range c.leaders.LedBy(name) {
		if handOver, leads := c.prepareService(key, departure, now); leads {
			all = append(all, handOver)
		}
	}
	slices.SortFunc(all, func(a, b cache.HandOver) int { return cmp.Compare(a.Service.String(), b.Service.String()) })
	return all
}

// prepareService prepares the hand-over of one source Service. It returns false when the pod is not known to lead the Service.
func (c *Controller) prepareService(key types.NamespacedName, departure cache.Departure, now time.Time) (cache.HandOver, bool) {
	in, warm := c.loadWarm(key)
	if !warm {
		c.enqueueAfter(key, 0) // the reconciliation reads what is missing, before the event of the deletion needs it
		return cache.HandOver{}, false
	}
	if state, _ := in.recordedState(c.clock.Now()); departure.UID == "" || state.Leader.UID != departure.UID {
		return cache.HandOver{}, false
	}
	prepared, ok := prepare(in, departure, c.clock.Now())
	if !ok {
		return cache.HandOver{Service: key}, true
	}
	prepared.Expires = now.Add(in.tuning.Cache.PreparedTTL.Duration)
	c.leaders.Prepare(key, prepared)
	if prepared.AtOnce {
		c.triggers.Record(key, now)
		c.enqueueAfter(key, 0)
	}
	c.enqueueAfter(key, prepared.Expires.Sub(now)) // the reconciliation drops what has expired
	return cache.HandOver{Service: key, Successor: prepared.After.Leader.Name}, true
}

// loadWarm returns the input of a decision if all of it is in memory, and new enough to act upon.
func (c *Controller) loadWarm(key types.NamespacedName) (in input, warm bool) {
	if in, warm = c.loadFromInformers(key); warm {
		in.record, warm = c.leaders.Warm(key, want(in))
	}
	return in, warm && !in.hasOtherOwner() && !in.behind()
}

// prepare returns the commit to make once the leader's departure is seen. It returns false when no pod can follow. Like decide, it depends
// only on its arguments, except for isDeparting.
func prepare(in input, departure cache.Departure, now time.Time) (cache.Prepared, bool) {
	if in.authority == commitrules.AuthorityLosses {
		// The replica on which the API server called admission acts first, also upon an announcement.
		in.authority = commitrules.AuthorityAll
	}
	announced := departure.Eviction && !departure.Unauthenticated && in.tuning.Election.HandoverOnDisruptionTarget
	p := decide(in.withDeparture(departure.UID, announced, now), now)
	if announced && !p.decision.Move {
		// No pod is a better leader, so the announcement alone will not move it. The deletion will.
		announced = false
		p = decide(in.withDeparture(departure.UID, announced, now), now)
	}
	successor := in.pod(p.after.Leader.UID)
	if !p.decision.Move || !p.writesPrimary || successor == nil || in.withDeparture(departure.UID, announced, now).unstable(p, now) != "" {
		return cache.Prepared{}, false
	}
	prepared := cache.Prepared{
		Leaving: departure.UID, Successor: successor.UID, SuccessorVersion: successor.ResourceVersion,
		Before: p.before, After: p.after, Writes: p.writes,
		Announced: announced,
		AtOnce:    in.tuning.Commit.OnAdmission && !departure.Eviction && !departure.Unauthenticated,

		Unauthenticated: departure.Unauthenticated,
	}
	if !departure.Unauthenticated {
		prepared.By = departure.User
	}
	if prepared.AtOnce {
		// The pod's object does not show the departure yet, and every replica must know of it.
		leaving := leaderslice.Leaving{Pod: departure.UID, Until: now.Add(in.tuning.Cache.PreparedTTL.Duration)}
		p.writes[0].Desired.Annotations[config.LeavingKey] = leaderslice.LeavingAnnotation(leaving)
	}
	return prepared, true
}

// withDeparture returns the input as it will be once the leader's departure is seen: announced by a condition, or terminating.
func (in input) withDeparture(leader types.UID, announced bool, now time.Time) input {
	in.pods = slices.Clone(in.pods)
	for i, pod := range in.pods {
		if pod.UID != leader {
			continue
		}
		departing := *pod // a shallow copy: its parts are shared with the informer, so they are replaced and not modified
		if announced {
			departing.Status.Conditions = append(slices.Clone(pod.Status.Conditions), corev1.PodCondition{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: evictionByAPI,
			})
		} else {
			departing.DeletionTimestamp = &metav1.Time{Time: now}
		}
		in.pods[i] = &departing
	}
	return in
}

// takePreparedInPace is takePrepared, unless the Service has had too many commits: then the hand-over stays prepared.
func (c *Controller) takePreparedInPace(key types.NamespacedName, in *input) (plan, bool) {
	if c.pace.Remaining(key, time.Now()) > 0 {
		return plan{}, false
	}
	return c.takePrepared(key, in)
}

// takePrepared returns the hand-over that admission has prepared for a Service as a plan, if the leader's departure is seen and nothing
// that matters has changed since.
func (c *Controller) takePrepared(key types.NamespacedName, in *input) (plan, bool) {
	now, local := c.clock.Now(), time.Now()
	prepared, record := c.leaders.TakePrepared(key, want(*in), func(record cache.Record, prepared *cache.Prepared) cache.Outcome {
		return preparedOutcome(in.withRecord(record), prepared, now, local)
	})
	if prepared == nil {
		return plan{}, false
	}
	in.record = record
	return preparedPlan(*in, prepared, now), true
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

// preparedOutcome returns what becomes of a prepared hand-over now: OutcomeUsed to commit it, another outcome to drop it, and "" to keep
// waiting for the leader's departure or for newer data. The time now is the API server's, local is that of the own clock. Like decide, it
// depends only on its arguments, except for isDeparting.
func preparedOutcome(in input, prepared *cache.Prepared, now, local time.Time) cache.Outcome {
	if in.hasOtherOwner() || in.behind() {
		return ""
	}
	state, _ := in.recordedState(now)
	switch {
	case !local.Before(prepared.Expires):
		return cache.OutcomeExpired
	case state.Leader.UID != prepared.Before.Leader.UID || state.Term != prepared.Before.Term:
		return cache.OutcomeSuperseded
	case !in.departureSeen(prepared):
		return ""
	case !in.sameVersions(prepared.Writes):
		return cache.OutcomeStale
	}
	// A successor that has changed may no longer be eligible. Only another decision can tell.
	if successor := in.pod(prepared.Successor); successor == nil || successor.ResourceVersion != prepared.SuccessorVersion {
		return cache.OutcomeStale
	}
	if prepared.Unauthenticated && !in.decidesThe(prepared, now) {
		return cache.OutcomeStale
	}
	return cache.OutcomeUsed
}

// decidesThe reports whether a decision now leads to the same hand-over, for the same reason. Whoever made up a departure could have chosen
// its time, so that the hand-over was prepared before something changed.
func (in input) decidesThe(prepared *cache.Prepared, now time.Time) bool {
	p := decide(in, now)
	return p.decision.Move && p.after.Leader.UID == prepared.After.Leader.UID && p.after.Reason == prepared.After.Reason &&
		slices.EqualFunc(p.writes, prepared.Writes, func(a, b cache.Write) bool {
			return a.Desired.Name == b.Desired.Name && apiequality.Semantic.DeepEqual(a.Desired.Endpoints, b.Desired.Endpoints) &&
				apiequality.Semantic.DeepEqual(a.Desired.Ports, b.Desired.Ports)
		})
}

// departureSeen reports whether a prepared hand-over need not wait any longer: the leader's own object shows the departure, or the tuning
// asks to commit as soon as admission has prepared.
func (in input) departureSeen(prepared *cache.Prepared) bool {
	if prepared.AtOnce {
		return true
	}
	leader := in.pod(prepared.Leaving)
	return leader == nil || leader.DeletionTimestamp != nil || prepared.Announced && store.DisruptionTargetStatus(leader) == "True"
}

// sameVersions reports whether the slices still have the versions that were decided upon.
func (in input) sameVersions(writes []cache.Write) bool {
	for _, write := range writes {
		version := "" // of a slice that did not exist
		if write.Current != nil {
			version = write.Current.ResourceVersion
		}
		if in.record.Slices[write.Desired.Name].ResourceVersion != version {
			return false
		}
	}
	return true
}

// preparedPlan returns a prepared hand-over as a plan. It adds to the writes what was not known when they were prepared: the time, the
// change that triggers them, and the basis.
func preparedPlan(in input, prepared *cache.Prepared, now time.Time) plan {
	after := prepared.After
	after.Since = now.UTC().Truncate(time.Millisecond)
	changed := in.trigger
	if old := in.pod(prepared.Leaving); old != nil {
		changed = commitrules.TriggerTime(old, in.pod(prepared.Successor), in.trigger)
	}
	for _, write := range prepared.Writes {
		write.Desired.Annotations[config.LeaderSinceKey] = after.Since.Format(leaderslice.SinceLayout)
		write.Desired.Annotations[config.BasisKey] = leaderslice.BasisAnnotation(after, in.commitBasis())
		leaderslice.SetTriggerTime(write.Desired, changed)
	}
	return plan{
		decision: election.Decision{Move: true, Reason: election.Reason(after.Reason)}, path: pathPrepared,
		before: prepared.Before, after: after, writes: prepared.Writes, writesPrimary: true, by: prepared.By,
	}
}
