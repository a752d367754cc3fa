package failover

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/notify"
)

// report speaks of what has been committed; nothing of it is in the way of this commit or the next.
func (s *Controller) report(ctx context.Context, key types.NamespacedName, in input, plan plan) {
	before, after, now := plan.before, plan.after, time.Now()
	if plan.decision.Move {
		duration := time.Duration(0)
		if !in.trigger.IsZero() {
			duration = now.Sub(in.trigger)
		}
		s.metrics.handover(after.Reason, plan.path, duration)
		if election.Reason(after.Reason) == election.ReasonLeaderDeleted && plan.path == pathUnprepared && !s.leaders.WasPrepared(key, before.Leader.UID) {
			s.metrics.unadmitted.Inc()
		}
		logf.FromContext(ctx).V(1).Info("Leader changed",
			"service", klog.KRef(key.Namespace, key.Name), "from", before.Leader.Name, "to", after.Leader.Name,
			"term", after.Term, "reason", after.Reason, "path", plan.path, "duration", duration)
	}
	eventType, reason, note := describe(plan)
	if reason == "" {
		return
	}
	event, err := notify.NewEvent(in.source, s.written(key, plan), now)
	if err != nil {
		logf.FromContext(ctx).Error(err, "Failed to make Event", "reason", reason, "note", note)
		return
	}
	event.Type, event.Reason, event.Note = eventType, reason, notify.FitNote(note)
	s.events.Send(ctx, event)
}

// written is the slice that an Event tells of, in the version that was committed.
func (s *Controller) written(key types.NamespacedName, plan plan) runtime.Object {
	record, _ := s.leaders.Peek(key)
	for _, write := range plan.writes {
		if slice := record.Slices[write.Desired.Name].Object; slice != nil {
			return slice
		}
	}
	return nil
}

// describe puts a commit into the words of an Event; no reason when there is nothing to tell.
func describe(plan plan) (eventType, reason, note string) {
	before, after := plan.before, plan.after
	switch {
	case after.Leader.Name == "" && plan.decision.Move:
		return corev1.EventTypeWarning, notify.ReasonNoLeader, fmt.Sprintf(
			"%s led and nobody can follow: no pod that the Service selects is ready and has any of its ports (term %d)", before.Leader.Name, after.Term)
	case after.Leader.Name == "" && after.Reason != before.Reason:
		// Its pods may not have been made yet: nothing to act upon so far.
		return corev1.EventTypeNormal, notify.ReasonNoLeader, "nobody can lead yet: no pod that the Service selects is ready and has any of its ports"
	case !after.Leader.Ready && before.Leader.Ready:
		return corev1.EventTypeWarning, notify.ReasonLastResort,
			after.Leader.Name + " is terminating and keeps the traffic as long as it serves: nobody can follow"
	case plan.decision.Move && before.Leader.Name != "":
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads after %s: %s (term %d)", after.Leader.Name, before.Leader.Name, after.Reason, after.Term)
	case plan.decision.Move:
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads: %s (term %d)", after.Leader.Name, after.Reason, after.Term)
	default:
		return "", "", ""
	}
}

// warn says what a user has to mend before the Service's pods can all lead, and lead without loss, once for each. Only the replica with the Lease
// does, or everything would be said as often as there are replicas.
func (s *Controller) warn(key types.NamespacedName, in input, plan plan) {
	if !s.holds() {
		return
	}
	notify.Emit(s.recorder, s.warnings.Filter(key, warnings(in, plan)))
}
