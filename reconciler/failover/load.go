package failover

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/retry"
)

// loadFromInformers returns the part of the input that the informers have. It returns false when there is nothing to decide. It loads again when other
// informers have replaced those that it has begun with, which may have seen more.
func (c *Controller) loadFromInformers(key types.NamespacedName) (in planner.Input, found bool) {
	for {
		from := c.stores.Pods.In(key.Namespace)
		in, found = c.loadOnce(key)
		if c.stores.Pods.In(key.Namespace) == from {
			return in, found
		}
	}
}

// loadOnce asks how much the informers have seen before it lists, so that the objects are at least as new as that.
func (c *Controller) loadOnce(key types.NamespacedName) (planner.Input, bool) {
	in := planner.Input{
		Seen: c.stores.Seen(key.Namespace), DeliveredPods: c.stores.DeliveredPods(key.Namespace),
		Source: c.stores.Service(key), Tuning: c.tuning.Load(), Authority: c.authority(), Observer: c.observer,
	}
	if in.Source == nil || !c.stores.Serves(in.Source) {
		return in, false
	}
	in.LeaderService, in.Options, _ = c.stores.LeaderServiceOf(in.Source)
	if !in.Usable() || !c.stores.ServedByUs(in.LeaderService) {
		return in, false
	}
	in.IsDeparting = func(pod types.UID) bool { return c.leaders.Departing(pod, time.Now()) }
	c.loadLease(&in)
	c.loadPods(&in)
	return in, true
}

// loadSlices completes the input with the slices: from the leader cache on a hit, with live reads on a miss. It reads the pods live, too, when the
// informers have been behind for too long. It returns false when the live reads show that there is nothing to decide.
func (c *Controller) loadSlices(ctx context.Context, key types.NamespacedName, in planner.Input, podsToo bool) (planner.Input, bool, error) {
	if podsToo {
		c.leaders.CountMiss(cache.MissBehind)
		return c.loadLive(ctx, key, in, podsToo)
	}
	if known, ok := c.leaders.Peek(key); ok && leaderRecreated(known.Leader, in.Pods) {
		c.leaders.Invalidate(key, cache.PodRecreated, time.Now())
	}
	record, miss := c.leaders.Lookup(key, in.Want())
	in.Record = record
	if miss != "" || in.HasOtherOwner() {
		return c.loadLive(ctx, key, in, podsToo)
	}
	return in, true, nil
}

// loadPods loads the informer's pods, and what other objects say about their future.
func (c *Controller) loadPods(into *planner.Input) {
	into.Pods = c.stores.PodsSelectedBy(into.Source)
	into.Disruptions = disruption.Of(c.stores, into.Pods, into.Options, into.Tuning)
}

// loadLease loads the Lease that the Service follows. It asks first how much the informer has seen.
func (c *Controller) loadLease(into *planner.Input) {
	into.Lease, into.Seen.Lease = lease.View{}, ""
	if name := into.Options.FollowLease; name != "" {
		into.Lease, into.Seen.Lease = c.stores.Leases.View(types.NamespacedName{Namespace: into.Source.Namespace, Name: name})
	}
}

// forget drops what is remembered of a Service about which there is nothing to decide. A Service that is to have a leader is remembered: it
// has no leader Service yet, and the creation of the leader Service enqueues it again.
func (c *Controller) forget(key types.NamespacedName, source *corev1.Service) {
	c.unobserve(key)
	c.stores.Leases.Follow(key, "")
	if source != nil && c.stores.Serves(source) {
		c.recordSuccessor(key, nil)
		return
	}
	why := cache.OptedOut
	if source == nil || source.DeletionTimestamp != nil || c.stores.Terminating(key.Namespace) {
		why = cache.ServiceGone
	}
	c.leaders.Forget(key, why)
	c.unanswered.take(key)
	c.warnings.Filter(key, nil)
	c.refusalWarnings.Filter(key, nil)
	c.unstableWarnings.Filter(key, nil)
	c.repairBackoff.Forget(key)
	c.refusalBackoff.Forget(key)
	c.unstableBackoff.Forget(key)
	if why == cache.ServiceGone {
		c.deferral.Forget(key.Namespace) // it may have been the last Service there; if not, the next departure teaches it again
	}
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

// loadLive reads the Services and the slices from the API server, or the pods, too, in parallel, and updates the leader cache with the slices.
func (c *Controller) loadLive(ctx context.Context, key types.NamespacedName, in planner.Input, podsToo bool) (planner.Input, bool, error) {
	began, names := time.Now(), in.Want().Slices
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	objects, pods := make([]discoveryv1.EndpointSlice, len(names)), &corev1.PodList{}

	reads, readCtx := errgroup.WithContext(retry.WithFailFast(ctx))
	get := func(name string, into client.Object) {
		reads.Go(func() error { return c.getLive(readCtx, in.Tuning, key.Namespace, name, into) })
	}
	get(key.Name, source)
	get(in.LeaderService.Name, leaderService)
	for i, name := range names {
		get(name, &objects[i])
	}
	if podsToo {
		reads.Go(func() error { return c.listPodsLive(readCtx, in, pods) })
	}
	if err := reads.Wait(); err != nil {
		return planner.Input{}, false, err
	}

	listed := in.Source.Spec.Selector
	in.Source, in.LeaderService = source, leaderService
	if !store.KeepsLeader(source) || !in.Usable() || !c.stores.ServedByUs(leaderService) {
		return planner.Input{}, false, nil // the informer lags; its event enqueues the Service again
	}
	if !slices.Equal(names, in.Want().Slices) || podsToo && !maps.Equal(listed, source.Spec.Selector) {
		return c.loadLive(ctx, key, in, podsToo) // the informer lags, so that not all slices were read, or other pods than the Service selects
	}
	in.Options, _ = store.ResolveOptions(source, leaderService)
	c.loadLease(&in)
	c.loadPods(&in)
	if podsToo {
		replacePods(&in, pods, c.stores)
		if err := c.loadLeaseLive(ctx, &in); err != nil {
			return planner.Input{}, false, err
		}
	}
	in.SeeServices()
	var found []leaderslice.Slice
	for i := range objects {
		if objects[i].UID != "" {
			found = append(found, leaderslice.Parse(&objects[i]))
		}
	}
	in.Record = c.leaders.Refresh(key, in.Want(), found, began, time.Now())
	return in, true, nil
}

// replacePods replaces the informer's pods by those of a live list. The list is newer than any version that a slice's writer can have seen:
// a version that is newer still was made up.
func replacePods(in *planner.Input, list *corev1.PodList, stores *store.Stores) {
	selector := labels.SelectorFromSet(in.Source.Spec.Selector)
	informers := in.Pods
	in.Pods = nil
	for i := range list.Items {
		pod := trim.Pod(&list.Items[i])
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && selector.Matches(labels.Set(pod.Labels)) {
			in.Pods = append(in.Pods, pod)
		}
	}
	in.Disruptions = disruption.Of(stores, in.Pods, in.Options, in.Tuning)
	in.PodsReadLive, in.Seen.Pods, in.DeliveredPods = true, list.ResourceVersion, list.ResourceVersion
	in.DeletionsMissed = slices.ContainsFunc(informers, func(pod *corev1.Pod) bool { return in.Pod(pod.UID) == nil })
}

// authority returns what this replica may change now.
func (c *Controller) authority() commitrules.Authority {
	switch {
	case c.stores.OlderReplicas():
		return commitrules.AuthorityUndisputed
	case c.holdsLease():
		return commitrules.AuthorityAll
	default:
		return commitrules.AuthorityLosses
	}
}
