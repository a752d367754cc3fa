package failover

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/tracing"
)

// origin is how a commit came about.
type origin struct {
	path path
	// preparedAt and traceParent are those of cache.Prepared; zero for a commit that admission has not prepared.
	preparedAt  time.Time
	traceParent string
}

// report counts, logs, traces and sends an Event about a commit that was sent when it was decided, and carried out by the time it was answered. It
// does not block: the Event is sent later.
func (c *Controller) report(ctx context.Context, key types.NamespacedName, in planner.Input, p planner.Plan, origin origin, decided, answered time.Time) {
	before, after := p.Before, p.After
	if p.Decision.Move {
		duration := time.Duration(0)
		if !in.Trigger.IsZero() {
			duration = answered.Sub(in.Trigger)
		}
		c.metrics.handover(after.Reason, origin.path, duration)
		if election.Reason(after.Reason) == election.ReasonLeaderDeleted && origin.path == pathUnprepared && !c.leaders.WasAdmitted(key, before.Leader.UID) {
			c.metrics.unadmitted.Inc()
		}
		c.log.Info("Leader changed",
			"service", klog.KRef(key.Namespace, key.Name), "from", before.Leader.Name, "to", after.Leader.Name,
			"term", after.Term, "reason", after.Reason, "path", origin.path, "duration", duration.String())
		c.tracer.Handover(ctx, tracing.Handover{
			Namespace: key.Namespace, Service: key.Name, From: before.Leader.Name, To: after.Leader.Name, Term: after.Term,
			Reason: after.Reason, Path: string(origin.path), TraceParent: origin.traceParent, Prepared: origin.preparedAt,
			Arrived: in.Trigger, Began: in.Began, Decided: decided, Committed: answered,
		})
	}
	eventType, reason, note := planner.Describe(p)
	if reason == "" {
		return
	}
	event, err := notify.NewEvent(in.Source, c.committedSlice(key, p), answered)
	if err != nil {
		logf.FromContext(ctx).Error(err, "Failed to create Event", "reason", reason, "note", note)
		return
	}
	event.Type, event.Reason, event.Note = eventType, reason, notify.FitNote(note)
	c.events.Send(ctx, event)
}

// committedSlice returns the slice to which an Event refers, in the version that the leader cache has: usually the one just committed.
func (c *Controller) committedSlice(key types.NamespacedName, p planner.Plan) runtime.Object {
	record, _ := c.leaders.Peek(key)
	for _, write := range p.Writes {
		if slice := record.Slices[write.Desired.Name].Object; slice != nil {
			return slice
		}
	}
	return nil
}

// warn sends an Event, once, about each problem that a user has to correct before all pods of the Service can lead, and lead without losing
// requests. Only the holder of the Lease sends them, or every replica would.
func (c *Controller) warn(key types.NamespacedName, in planner.Input, p planner.Plan) {
	if !c.holdsLease() {
		return
	}
	notify.Emit(c.recorder, c.warnings.Filter(key, planner.Warnings(in, p)))
}

// recordSuccessor records that nothing is left to commit, and which pod would follow. When that pod has changed, it enqueues the Service
// with the leader Service controller.
func (c *Controller) recordSuccessor(key types.NamespacedName, successor *election.Candidate) {
	if c.leaders.Decided(key, successor) {
		c.successorChanges.EnqueueAfter(key, notify.Deferral)
	}
}

// recordHeldBack records why the leader would move if the Service were not paused. When that has changed, it enqueues the Service with the
// leader Service controller, which reports it.
func (c *Controller) recordHeldBack(key types.NamespacedName, before, now string) {
	if before != now {
		c.leaders.SetHeldBack(key, now)
		c.successorChanges.EnqueueAfter(key, notify.Deferral)
	}
}
