package planner

import (
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

// Prepare returns the commit to make once the leader's departure is seen. It returns false when no pod can follow, or the commit cannot be
// prepared. Like decide, it depends only on its arguments, except for IsDeparting.
func Prepare(in Input, departure cache.Departure, now time.Time) (cache.Prepared, bool) {
	if in.Authority == commitrules.AuthorityLosses {
		// The replica on which the API server called admission acts first, also upon an announcement.
		in.Authority = commitrules.AuthorityAll
	}
	announced := departure.Eviction && !departure.Unauthenticated && in.Options.ElectionOr(in.Tuning).HandoverOnDisruptionTarget
	p := Decide(in.withDeparture(departure.UID, announced, now), now)
	if announced && !p.Decision.Move {
		// No pod is a better leader, so the announcement alone will not move it. The deletion will.
		announced = false
		p = Decide(in.withDeparture(departure.UID, announced, now), now)
	}
	successor := in.Pod(p.After.Leader.UID)
	if !p.Decision.Move || !p.WritesPrimary || successor == nil || in.withDeparture(departure.UID, announced, now).Unstable(p, now) != "" {
		return cache.Prepared{}, false
	}
	prepared := cache.Prepared{
		Leaving: departure.UID, Successor: successor.UID, SuccessorVersion: successor.ResourceVersion,
		SuccessorDeparting: in.isDeparting(successor.UID),
		Before:             p.Before, After: p.After, Writes: p.Writes,
		Announced: announced,
		// While the Service is paused, a deletion counts when it has happened: something else may still refuse it.
		AtOnce: in.Tuning.Commit.OnAdmission && !departure.Eviction && !departure.Unauthenticated && !in.Options.Paused,

		Unauthenticated: departure.Unauthenticated,
	}
	if !departure.Unauthenticated {
		prepared.By = departure.User
	}
	if prepared.AtOnce {
		// The pod's object does not show the departure yet, and every replica must know of it.
		leaving := leaderslice.Leaving{Pod: departure.UID, Until: now.Add(in.Tuning.Cache.PreparedTTL.Duration)}
		p.Writes[0].Desired.Annotations[config.LeavingKey] = leaderslice.LeavingAnnotation(leaving)
	}
	return prepared, true
}

// isDeparting reports whether admission has seen the departure of a pod, which the informers may not show yet.
func (in Input) isDeparting(pod types.UID) bool { return in.IsDeparting != nil && in.IsDeparting(pod) }

// withDeparture returns the input as it will be once the leader's departure is seen: announced by a condition, or terminating.
func (in Input) withDeparture(leader types.UID, announced bool, now time.Time) Input {
	in.Pods = slices.Clone(in.Pods)
	for i, pod := range in.Pods {
		if pod.UID != leader {
			continue
		}
		departing := *pod // a shallow copy: its parts are shared with the informer, so they are replaced and not modified
		if announced {
			// A pod has one condition of each type. An eviction that came to nothing may have left it, as False.
			departing.Status.Conditions = append(
				slices.DeleteFunc(slices.Clone(pod.Status.Conditions), func(c corev1.PodCondition) bool { return c.Type == corev1.DisruptionTarget }),
				corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: evictionByAPI},
			)
		} else {
			departing.DeletionTimestamp = &metav1.Time{Time: now}
		}
		in.Pods[i] = &departing
	}
	return in
}

// PreparedOutcome returns what becomes of a prepared hand-over now: OutcomeUsed to commit it, another outcome to drop it, and "" to keep
// waiting for the leader's departure or for newer data. The time now is the API server's, local is that of the own clock. Like decide, it
// depends only on its arguments, except for IsDeparting.
func PreparedOutcome(in Input, prepared *cache.Prepared, now, local time.Time) cache.Outcome {
	if in.HasOtherOwner() || in.Behind() {
		return ""
	}
	state, _ := in.RecordedState(now)
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
	if successor := in.Pod(prepared.Successor); successor == nil || successor.ResourceVersion != prepared.SuccessorVersion {
		return cache.OutcomeStale
	}
	if in.isDeparting(prepared.Successor) && !prepared.SuccessorDeparting {
		return cache.OutcomeStale // it would leave next
	}
	if prepared.Unauthenticated && !in.decidesThe(prepared, now) {
		return cache.OutcomeStale
	}
	return cache.OutcomeUsed
}

// decidesThe reports whether a decision now leads to the same hand-over, for the same reason. Whoever made up a departure could have chosen
// its time, so that the hand-over was prepared before something changed.
func (in Input) decidesThe(prepared *cache.Prepared, now time.Time) bool {
	p := Decide(in, now)
	return p.Decision.Move && p.After.Leader.UID == prepared.After.Leader.UID && p.After.Reason == prepared.After.Reason &&
		slices.EqualFunc(p.Writes, prepared.Writes, func(a, b cache.Write) bool {
			return a.Desired.Name == b.Desired.Name && apiequality.Semantic.DeepEqual(a.Desired.Endpoints, b.Desired.Endpoints) &&
				apiequality.Semantic.DeepEqual(a.Desired.Ports, b.Desired.Ports)
		})
}

// departureSeen reports whether a prepared hand-over need not wait any longer: the leader's own object shows the departure, or the tuning
// asks to commit as soon as admission has prepared.
func (in Input) departureSeen(prepared *cache.Prepared) bool {
	if prepared.AtOnce {
		return true
	}
	leader := in.Pod(prepared.Leaving)
	return leader == nil || leader.DeletionTimestamp != nil || prepared.Announced && store.DisruptionTargetStatus(leader) == "True"
}

// sameVersions reports whether the slices still have the versions that were decided upon.
func (in Input) sameVersions(writes []cache.Write) bool {
	for _, write := range writes {
		version := "" // of a slice that did not exist
		if write.Current != nil {
			version = write.Current.ResourceVersion
		}
		if in.Record.Slices[write.Desired.Name].ResourceVersion != version {
			return false
		}
	}
	return true
}

// PreparedPlan returns a prepared hand-over as a plan. It adds to the writes what was not known when they were prepared: the time, the
// change that triggers them, and the basis.
func PreparedPlan(in Input, prepared *cache.Prepared, now time.Time) Plan {
	after := prepared.After
	after.Since = now.UTC().Truncate(time.Millisecond)
	changed := in.Trigger
	if old := in.Pod(prepared.Leaving); old != nil {
		changed = commitrules.TriggerTime(old, in.Pod(prepared.Successor), in.Trigger)
	}
	for _, write := range prepared.Writes {
		write.Desired.Annotations[config.LeaderSinceKey] = after.Since.Format(leaderslice.SinceLayout)
		write.Desired.Annotations[config.BasisKey] = leaderslice.BasisAnnotation(after, in.commitBasis())
		leaderslice.SetTriggerTime(write.Desired, changed)
	}
	return Plan{
		Decision: election.Decision{Move: true, Reason: election.Reason(after.Reason)},
		Before:   prepared.Before, After: after, Writes: prepared.Writes, WritesPrimary: true, by: prepared.By,
	}
}
