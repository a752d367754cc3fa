package failover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// timeResolution is what times in objects are cut to.
	timeResolution = time.Second
	// longestDelivery is how late an event may arrive, from an informer that was cut off for a while. What changed before that was the
	// trigger of no event that arrives now.
	longestDelivery = 30 * time.Second
)

// triggerTime is when the change happened that moves the leader, for the annotation endpoints.kubernetes.io/last-change-trigger-time:
// kube-proxy makes its network-programming latency of it, so an event that arrives late must count as late.
//
// leaving is the pod that led, nil when nobody did; successor is the pod that leads now, nil when nobody can. event is when the event
// arrived, zero without one (a timer, a start): then the result is zero too, as after a grace nothing was late. A leader whose pod is
// gone tells nothing, so event is the time; do not ask here.
//
// The objects tell when a deletion was asked for, a pod became ready or not, and an eviction was announced. When those agree with event
// to the second that they are cut to, event is more exact. They come from other clocks: what they say is never later than event.
func triggerTime(leaving, successor *corev1.Pod, event time.Time) time.Time {
	if event.IsZero() {
		return event
	}
	change := departureTime(leaving)
	if leaving != nil && change.IsZero() {
		return event // it is well: a wish, a node or a rollout moved the leader
	}
	if ready := conditionTime(successor, corev1.PodReady, corev1.ConditionTrue); ready.After(change) {
		change = ready // nobody could follow before
	}
	if late := event.Sub(change); late < timeResolution || late > longestDelivery {
		return event
	}
	return change
}

// departureTime is the last change that keeps a pod from leading; zero when nothing does, or there is none.
func departureTime(pod *corev1.Pod) time.Time {
	if pod == nil {
		return time.Time{}
	}
	var last time.Time
	if pod.DeletionTimestamp != nil {
		// It is the end of the grace period, also when that is shortened later.
		last = pod.DeletionTimestamp.Time
		if grace := pod.DeletionGracePeriodSeconds; grace != nil {
			last = last.Add(-time.Duration(*grace) * time.Second)
		}
	}
	for _, other := range []time.Time{
		conditionTime(pod, corev1.PodReady, corev1.ConditionFalse),
		conditionTime(pod, corev1.PodReady, corev1.ConditionUnknown),
		conditionTime(pod, corev1.DisruptionTarget, corev1.ConditionTrue),
	} {
		if other.After(last) {
			last = other
		}
	}
	return last
}

// conditionTime is since when a condition has a status; zero when it has another one.
func conditionTime(pod *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus) time.Time {
	if pod == nil {
		return time.Time{}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == kind && condition.Status == status {
			return condition.LastTransitionTime.Time
		}
	}
	return time.Time{}
}
