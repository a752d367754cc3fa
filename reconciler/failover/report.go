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

// report counts, logs and sends an Event about a commit. It does not block: the Event is sent later.
func (c *Controller) report(ctx context.Context, key types.NamespacedName, in input, p plan) {
	before, after, now := p.before, p.after, time.Now()
	if p.decision.Move {
		duration := time.Duration(0)
		if !in.trigger.IsZero() {
			duration = now.Sub(in.trigger)
		}
		c.metrics.handover(after.Reason, p.path, duration)
		if election.Reason(after.Reason) == election.ReasonLeaderDeleted && p.path == pathUnprepared && !c.leaders.WasPrepared(key, before.Leader.UID) {
			c.metrics.unadmitted.Inc()
		}
		logf.FromContext(ctx).V(1).Info("Leader changed",
			"service", klog.KRef(key.Namespace, key.Name), "from", before.Leader.Name, "to", after.Leader.Name,
			"term", after.Term, "reason", after.Reason, "path", p.path, "duration", duration)
	}
	eventType, reason, note := describe(p)
	if reason == "" {
		return
	}
	event, err := notify.NewEvent(in.source, c.committedSlice(key, p), now)
	if err != nil {
		logf.FromContext(ctx).Error(err, "Failed to create Event", "reason", reason, "note", note)
		return
	}
	event.Type, event.Reason, event.Note = eventType, reason, notify.FitNote(note)
	c.events.Send(ctx, event)
}

// committedSlice returns the slice to which an Event refers, in the version that the leader cache has: usually the one just committed.
func (c *Controller) committedSlice(key types.NamespacedName, p plan) runtime.Object {
	record, _ := c.leaders.Peek(key)
	for _, write := range p.writes {
		if slice := record.Slices[write.Desired.Name].Object; slice != nil {
			return slice
		}
	}
	return nil
}

// describe returns the type, reason and note of the Event about a commit. The reason is empty when there is no Event.
func describe(p plan) (eventType, reason, note string) {
	before, after := p.before, p.after
	switch {
	case after.Leader.Name == "" && p.decision.Move:
		return corev1.EventTypeWarning, notify.ReasonNoLeader, fmt.Sprintf(
			"%s no longer leads and no pod can follow: no pod that the Service selects is ready and has any of its ports (term %d)", before.Leader.Name, after.Term)
	case after.Leader.Name == "" && after.Reason != before.Reason:
		// This is not a warning, because the Service's pods may not have been created yet.
		return corev1.EventTypeNormal, notify.ReasonNoLeader, "no pod can lead yet: no pod that the Service selects is ready and has any of its ports"
	case !after.Leader.Ready && before.Leader.Ready:
		return corev1.EventTypeWarning, notify.ReasonLastResort,
			after.Leader.Name + " is terminating and keeps the traffic as long as it serves, because no other pod can lead"
	case p.decision.Move && before.Leader.Name != "":
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads after %s: %s (term %d)", after.Leader.Name, before.Leader.Name, after.Reason, after.Term)
	case p.decision.Move:
		return corev1.EventTypeNormal, notify.ReasonLeaderChanged,
			fmt.Sprintf("%s leads: %s (term %d)", after.Leader.Name, after.Reason, after.Term)
	default:
		return "", "", ""
	}
}

// warn sends an Event, once, about each problem that a user has to correct before all pods of the Service can lead, and lead without losing
// requests. Only the holder of the Lease sends them, or every replica would.
func (c *Controller) warn(key types.NamespacedName, in input, p plan) {
	if !c.holdsLease() {
		return
	}
	notify.Emit(c.recorder, c.warnings.Filter(key, warnings(in, p)))
}

// recordSuccessor records that nothing is left to commit, and which pod would follow. When that pod has changed, it enqueues the Service
// with the leader Service controller.
func (c *Controller) recordSuccessor(key types.NamespacedName, successor *election.Candidate) {
	if c.leaders.Decided(key, successor) {
		c.successorChanges.EnqueueAfter(key, notify.Deferral)
	}
}
