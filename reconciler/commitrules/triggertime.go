package commitrules

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// timeResolution is the resolution of the times in objects.
	timeResolution = time.Second
	// longestDelivery is how late an event may arrive, from an informer that was disconnected for a while. A change that is older than that
	// did not trigger an event that arrives now.
	longestDelivery = 30 * time.Second
)

// TriggerTime returns the time of the change that moves the leader, for the annotation endpoints.kubernetes.io/last-change-trigger-time.
// kube-proxy computes its network-programming latency from it, so an event that arrives late must count as late.
//
// old is the pod that led, nil when no pod did. Do not call TriggerTime for a leader whose pod is gone: nothing says when that happened, so
// the trigger is the event. successor is the pod that leads now, nil when no pod can. event is when the event arrived. Without one (a
// timer, a start) it is zero, and so is the result, because nothing was late.
//
// The objects say when a deletion was requested, when a pod became ready or not ready, and when an eviction was announced. While these
// times agree with event to within their resolution, event is more exact. They come from other clocks, so the result is never later than
// event.
func TriggerTime(old, successor *corev1.Pod, event time.Time) time.Time {
	if event.IsZero() {
		return event
	}
	change := departureTime(old)
	if old != nil && change.IsZero() {
		return event // nothing is wrong with the pod: an option, a node or a rollout moved the leader
	}
	if ready := conditionTime(successor, corev1.PodReady, corev1.ConditionTrue); ready.After(change) {
		change = ready // no pod could follow before
	}
	if late := event.Sub(change); late < timeResolution || late > longestDelivery {
		return event
	}
	return change
}

// departureTime returns the time of the last change that keeps a pod from leading; zero when nothing does, or the pod is nil.
func departureTime(pod *corev1.Pod) time.Time {
	if pod == nil {
		return time.Time{}
	}
	var last time.Time
	if pod.DeletionTimestamp != nil {
		// The deletion timestamp is the end of the grace period, also when that is shortened later.
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

// conditionTime returns since when a condition has a status; zero when it has another one, or the pod is nil.
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

// PendingTriggers remembers, for each Service that waits to be reconciled, the arrival of the events that enqueued it. A work queue only
// carries the Service's name, and the duration of a hand-over is measured from the arrival.
type PendingTriggers struct {
	mu sync.Mutex
	// at has an entry for a Service from its event until the reconciliation takes it.
	at map[types.NamespacedName]arrivals
}

// arrivals are those of the first and the last of some events.
type arrivals struct {
	first, last time.Time
	// early says that all of them enqueued the Service for later.
	early bool
}

// NewPendingTriggers returns PendingTriggers that remember nothing yet.
func NewPendingTriggers() *PendingTriggers {
	return &PendingTriggers{at: map[types.NamespacedName]arrivals{}}
}

// Record records the arrival of an event that enqueues a Service at once. Events that have enqueued it for later do not count any more: they are not
// why it is decided now.
func (t *PendingTriggers) Record(key types.NamespacedName, arrived time.Time) {
	t.record(key, arrived, false)
}

// RecordEarly records the arrival of an event that enqueues a Service for later.
func (t *PendingTriggers) RecordEarly(key types.NamespacedName, arrived time.Time) {
	t.record(key, arrived, true)
}

func (t *PendingTriggers) record(key types.NamespacedName, arrived time.Time, early bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, waiting := t.at[key]
	switch {
	case !waiting, of.early && !early:
		of.first, of.early = arrived, early
	case of.early == early && arrived.Before(of.first):
		of.first = arrived
	}
	if arrived.After(of.last) {
		of.last = arrived
	}
	t.at[key] = of
}

// Take returns the arrivals of the first and the last event, and forgets them. They are zero when there is none.
func (t *PendingTriggers) Take(key types.NamespacedName) (first, last time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.at[key]
	delete(t.at, key)
	return of.first, of.last
}

// Restore records again what Take has returned, for a reconciliation that has to be repeated.
func (t *PendingTriggers) Restore(key types.NamespacedName, first, last time.Time) {
	for _, arrived := range []time.Time{first, last} {
		if !arrived.IsZero() {
			t.Record(key, arrived)
		}
	}
}
