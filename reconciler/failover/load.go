package failover

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// loadFromInformers returns the part of the input that the informers have. It returns false when there is nothing to decide. It asks first
// how much the informers have seen, so that what it lists afterwards is at least as new.
func (c *Controller) loadFromInformers(key types.NamespacedName) (input, bool) {
	in := input{seen: c.stores.Seen(), source: c.stores.Service(key), tuning: c.tuning.Load(), authority: c.authority()}
	if in.source == nil || !c.stores.Serves(in.source) {
		return in, false
	}
	in.leaderService, in.options, _ = c.stores.LeaderServiceOf(in.source)
	if !leaderServiceUsable(in) || !c.stores.ServedByUs(in.leaderService) {
		return in, false
	}
	in.isDeparting = func(pod types.UID) bool { return c.leaders.Departing(pod, time.Now()) }
	c.loadPods(&in)
	return in, true
}

// loadSlices completes the input with the slices: from the leader cache on a hit, with live reads on a miss. It returns false when the
// live reads show that there is nothing to decide.
func (c *Controller) loadSlices(ctx context.Context, key types.NamespacedName, in input, read liveReads) (input, bool, error) {
	if read != readNothing {
		miss := cache.MissConflict
		if read == readPods {
			miss = cache.MissBehind
		}
		c.leaders.CountMiss(miss)
		return c.loadLive(ctx, key, in, read)
	}
	if known, ok := c.leaders.Peek(key); ok && leaderRecreated(known.Leader, in.pods) {
		c.leaders.Invalidate(key, cache.PodRecreated, time.Now())
	}
	record, miss := c.leaders.Lookup(key, want(in))
	in.record = record
	if miss != "" || in.hasOtherOwner() {
		return c.loadLive(ctx, key, in, read)
	}
	return in, true, nil
}

// loadPods loads the informer's pods, and what is announced for them.
func (c *Controller) loadPods(into *input) {
	into.pods = c.stores.PodsSelectedBy(into.source)
	into.disruptions = disruption.Of(c.stores, into.pods, into.tuning.Election)
}

// forget drops what is remembered of a Service about which there is nothing to decide. A Service that is to have a leader is remembered: it
// has no leader Service yet, and the event of that one enqueues it again.
func (c *Controller) forget(key types.NamespacedName, source *corev1.Service) {
	if source != nil && c.stores.Serves(source) {
		c.recordSuccessor(key, nil)
		return
	}
	why := cache.OptedOut
	if source == nil || source.DeletionTimestamp != nil || c.stores.Terminating(key.Namespace) {
		why = cache.ServiceGone
	}
	c.leaders.Forget(key, why)
	c.warnings.Filter(key, nil)
	c.refusalWarnings.Filter(key, nil)
	c.repairBackoff.Forget(key)
	c.refusalBackoff.Forget(key)
}

// leaderServiceUsable reports whether the leader Service exists, stays and is ours.
func leaderServiceUsable(in input) bool {
	return in.leaderService != nil && in.leaderService.DeletionTimestamp == nil &&
		leaderslice.OwnsLeaderService(in.leaderService, in.source) && len(leaderslice.Families(in.leaderService)) > 0
}

// hasOtherOwner reports whether a slice belongs to another leader Service of the same name. That may be the newer one, so only a live read
// tells which one counts.
func (in input) hasOtherOwner() bool {
	for _, family := range leaderslice.Families(in.leaderService) {
		slice, exists := in.slice(family)
		if exists && !leaderslice.OwnsSlice(slice.Object, in.leaderService) {
			return true
		}
	}
	return false
}

// want returns what a decision needs from the leader cache.
func want(in input) cache.Want {
	return cache.Want{Service: in.source.UID, Slices: leaderslice.Names(in.leaderService)}
}

// leaderRecreated reports whether another pod has the leader's name now.
func leaderRecreated(leader leaderslice.Leader, pods []*corev1.Pod) bool {
	same, other := false, false
	for _, pod := range pods {
		same = same || pod.UID == leader.UID
		other = other || pod.Name == leader.Name && pod.UID != leader.UID
	}
	return other && !same
}
