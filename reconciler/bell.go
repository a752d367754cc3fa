package reconciler

import (
	"context"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// bell wakes stewardship when who would follow has changed: no object changes with it, so no watch tells.
//
// It is not a channel: a full one, or one that nobody reads because another replica holds the Lease, would hold up a hand-over.
type bell struct {
	// queue is stewardship's, once that has started. What rings before is known to its first look at every Service.
	queue atomic.Pointer[queue]
}

// hang is stewardship's source.
func (b *bell) hang(_ context.Context, q queue) error {
	b.queue.Store(&q)
	return nil
}

// ring wakes a Service a while later. The queue keeps one entry for each, so however often its pods change, it costs at most one
// write in that time.
func (b *bell) ring(key types.NamespacedName) {
	if q := b.queue.Load(); q != nil {
		(*q).AddAfter(reconcile.Request{NamespacedName: key}, afterwards)
	}
}
