package failover

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/reconciler/store"
)

// enqueue enqueues a Service, and records that the event for it has arrived now.
func (c *Controller) enqueue(q store.Queue, key types.NamespacedName) {
	c.triggers.Record(key, time.Now())
	q.Add(reconcile.Request{NamespacedName: key})
}

// enqueueAfter enqueues a Service after a delay.
func (c *Controller) enqueueAfter(key types.NamespacedName, after time.Duration) {
	if q := c.queue.Load(); q != nil {
		(*q).AddAfter(reconcile.Request{NamespacedName: key}, after)
	}
}

// idleEventDelay is how long events of pods wait for one another that move no leader, and the longest that others do.
const idleEventDelay = 50 * time.Millisecond

// enqueueForPod enqueues a Service after an event of a pod that it selects or has selected. A pod that is replaced has about seven, which come within
// a moment, and most of them move no leader: those wait for one another. So do the others on a replica that would leave the commit to others anyway
// (see delay): by then it mostly has nothing left to decide.
func (c *Controller) enqueueForPod(q store.Queue, key types.NamespacedName, movesLeader bool) {
	request := reconcile.Request{NamespacedName: key}
	if !movesLeader {
		q.AddAfter(request, idleEventDelay)
		return
	}
	if c.holdsLease() || c.leaders.HasPrepared(key) {
		c.enqueue(q, key)
		return
	}
	c.triggers.RecordEarly(key, time.Now())
	q.AddAfter(request, min(c.tuning.Load().Commit.BackupDelay.Duration, idleEventDelay))
}

// mayMoveLeader reports whether an event of a pod may move a leader: one pod that it shows, before or after, leads or could.
func (c *Controller) mayMoveLeader(pods ...*corev1.Pod) bool {
	for _, pod := range pods {
		if store.CouldLead(pod) || len(c.leaders.LedBy(client.ObjectKeyFromObject(pod))) > 0 {
			return true
		}
	}
	return false
}
