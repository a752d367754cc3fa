package failover

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// PrepareDeparture prepares every Service that the pod leads (see Admission.Prepare).
func (s *Controller) PrepareDeparture(departure cache.Departure, now time.Time) []cache.HandOver {
	name := types.NamespacedName{Namespace: departure.Namespace, Name: departure.Name}
	pod := s.stores.Pod(name)
	if pod != nil && departure.UID == "" {
		departure.UID = pod.UID
	}
	if pod != nil && pod.UID == departure.UID && pod.DeletionTimestamp != nil {
		return nil // a later call of a forced deletion: it is being handed over already
	}
	if pod != nil && pod.UID == departure.UID && len(s.stores.ServicesSelecting(pod.Namespace, pod.Labels)) > 0 {
		s.leaders.DepartureAdmitted(pod.UID, now, now.Add(s.tuning.Load().Cache.PreparedTTL.Duration))
	}
	var all []cache.HandOver
	for _, key := range s.leaders.LedBy(name) {
		if handOver, leads := s.prepareFor(key, departure, now); leads {
			all = append(all, handOver)
		}
	}
	slices.SortFunc(all, func(a, b cache.HandOver) int { return cmp.Compare(a.Service.String(), b.Service.String()) })
	return all
}

// prepareFor is PrepareDeparture for one Service. It reports false when the pod does not lead it, as far as is known.
func (s *Controller) prepareFor(key types.NamespacedName, departure cache.Departure, now time.Time) (cache.HandOver, bool) {
	in, warm := s.gatherWarm(key)
	if !warm {
		s.enqueueAfter(key, 0) // which reads what is missing, before the deletion's event needs it
		return cache.HandOver{}, false
	}
	if state, _ := in.recorded(s.clock.Now()); departure.UID == "" || state.Leader.UID != departure.UID {
		return cache.HandOver{}, false
	}
	prepared, ok := prepare(in, departure, s.clock.Now())
	if !ok {
		return cache.HandOver{Service: key}, true
	}
	prepared.Expires = now.Add(in.tuning.Cache.PreparedTTL.Duration)
	s.leaders.Prepare(key, prepared)
	if prepared.AtOnce {
		s.triggers.note(key, now)
		s.enqueueAfter(key, 0)
	}
	s.enqueueAfter(key, prepared.Expires.Sub(now)) // to take note of a departure that did not come
	return cache.HandOver{Service: key, Successor: prepared.After.Leader.Name}, true
}

// gatherWarm gathers what a decision looks at if all of it is in memory, and new enough to be acted upon.
func (s *Controller) gatherWarm(key types.NamespacedName) (in input, warm bool) {
	if in, warm = s.gather(key); warm {
		in.record, warm = s.leaders.Warm(key, want(in))
	}
	return in, warm && !in.orphaned() && !in.behind()
}

// enqueueAfter has a Service reconciled after a while.
func (s *Controller) enqueueAfter(key types.NamespacedName, after time.Duration) {
	if q := s.queue.Load(); q != nil {
		(*q).AddAfter(reconcile.Request{NamespacedName: key}, after)
	}
}

// prepare is pure: the commit for when the leader leaves. It reports false when nobody can follow.
func prepare(s input, departure cache.Departure, now time.Time) (cache.Prepared, bool) {
	// Whichever replica admission has called is first to act upon what it has seen, also upon an announcement.
	s.authority = max(s.authority, authorityAll)
	announced := departure.Eviction && s.tuning.Election.HandoverOnDisruptionTarget
	plan := decide(s.without(departure.UID, announced, now), now)
	if announced && !plan.decision.Move {
		// Nobody better is there, so the announcement alone will not move the leader. The deletion will.
		announced = false
		plan = decide(s.without(departure.UID, announced, now), now)
	}
	successor := s.pod(plan.after.Leader.UID)
	if !plan.decision.Move || !plan.moves || successor == nil {
		return cache.Prepared{}, false
	}
	prepared := cache.Prepared{
		Leaving: departure.UID, Successor: successor.UID, SuccessorVersion: successor.ResourceVersion,
		Before: plan.before, After: plan.after, Writes: plan.writes,
		Announced: announced,
		AtOnce:    s.tuning.Commit.OnAdmission && !departure.Eviction,
	}
	if prepared.AtOnce {
		// The pod does not look as if it went yet, and every replica must know that it does.
		leaving := leaderslice.Leaving{Pod: departure.UID, Until: now.Add(s.tuning.Cache.PreparedTTL.Duration)}
		plan.writes[0].Desired.Annotations[config.LeavingKey] = leaderslice.LeavingAnnotation(leaving)
	}
	return prepared, true
}

// without is the input once the leader is seen to leave.
func (s input) without(leader types.UID, announced bool, now time.Time) input {
	s.pods = slices.Clone(s.pods)
	for i, pod := range s.pods {
		if pod.UID != leader {
			continue
		}
		leaving := *pod // its parts are shared: they are replaced, not changed
		if announced {
			leaving.Status.Conditions = append(slices.Clone(pod.Status.Conditions), corev1.PodCondition{
				Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: evictionByAPI,
			})
		} else {
			leaving.DeletionTimestamp = &metav1.Time{Time: now}
		}
		s.pods[i] = &leaving
	}
	return s
}
