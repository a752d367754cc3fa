package failover

import (
	"context"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// sliceHandler feeds the leader cache. It enqueues the Service when the slice is news, which this replica's own writes are not.
func (c *Controller) sliceHandler() handler.TypedEventHandler[*discoveryv1.EndpointSlice, reconcile.Request] {
	observe := func(q store.Queue, slice *discoveryv1.EndpointSlice) {
		if !claimsToBeOurs(slice) {
			return // the leader Service controller handles slices that are not ours
		}
		if key := c.stores.SourceOfSlice(slice); key.Name != "" && c.leaders.Observe(key, leaderslice.Parse(slice), time.Now()) {
			q.Add(reconcile.Request{NamespacedName: key})
		}
	}
	return handler.TypedFuncs[*discoveryv1.EndpointSlice, reconcile.Request]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			observe(q, e.Object)
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			key := c.stores.SourceOfSlice(e.ObjectNew)
			if c.stores.SourceOfSlice(e.ObjectOld) != key {
				c.sliceGone(q, e.ObjectOld, e.ObjectNew.ResourceVersion)
			}
			if key.Name != "" && claimsToBeOurs(e.ObjectNew) {
				c.quiet.HandedOver(time.Now())
			}
			if olderThan(e.ObjectNew.ResourceVersion, e.ObjectOld.ResourceVersion) {
				// Versions only go back when etcd was restored. Then the leader cache may hold what the restore has undone.
				c.leaders.Invalidate(key, cache.SliceChanged, time.Now())
				c.enqueue(q, key)
			}
			observe(q, e.ObjectNew)
		},
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*discoveryv1.EndpointSlice], q store.Queue) {
			if e.DeleteStateUnknown { // the version is not that of the deletion, so only a live read tells what is newer
				c.leaders.Invalidate(c.stores.SourceOfSlice(e.Object), cache.SliceChanged, time.Now())
			}
			c.sliceGone(q, e.Object, e.Object.ResourceVersion)
		},
	}
}

// claimsToBeOurs reports whether a slice bears any mark of Tanist. One mark is enough, because someone may have changed a label or the
// owner.
func claimsToBeOurs(slice *discoveryv1.EndpointSlice) bool {
	owner := metav1.GetControllerOfNoCopy(slice)
	return slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy || slice.Labels[config.SourceServiceKey] != "" ||
		owner != nil && leaderslice.IsService(owner)
}

// sliceGone records that a slice was deleted, or belongs to another Service now, as of a version.
func (c *Controller) sliceGone(q store.Queue, slice *discoveryv1.EndpointSlice, version string) {
	if key := c.stores.SourceOfSlice(slice); key.Name != "" && c.leaders.ObserveDeletion(key, slice.Name, slice.UID, version, time.Now()) {
		c.enqueue(q, key)
	}
}
