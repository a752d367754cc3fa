package failover

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/retry"
)

// loadFromInformers returns the part of the input that the informers have. It returns false when there is nothing to decide. It asks first
// how much the informers have seen, so that what it lists afterwards is at least as new.
func (c *Controller) loadFromInformers(key types.NamespacedName) (input, bool) {
	in := input{seen: c.stores.Seen(), source: c.stores.Service(key), tuning: c.tuning.Load(), authority: c.authority(), observer: c.observer}
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

// loadPods loads the informer's pods, and what other objects say about their future.
func (c *Controller) loadPods(into *input) {
	into.pods = c.stores.PodsSelectedBy(into.source)
	into.disruptions = disruption.Of(c.stores, into.pods, into.tuning.Election, into.options.SameController)
}

// forget drops what is remembered of a Service about which there is nothing to decide. A Service that is to have a leader is remembered: it
// has no leader Service yet, and the creation of the leader Service enqueues it again.
func (c *Controller) forget(key types.NamespacedName, source *corev1.Service) {
	c.unobserve(key)
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
	c.unstableWarnings.Filter(key, nil)
	c.repairBackoff.Forget(key)
	c.refusalBackoff.Forget(key)
	c.unstableBackoff.Forget(key)
	if why == cache.ServiceGone {
		c.deferral.Forget(key.Namespace) // it may have been the last Service there; if not, the next conflict teaches it again
	}
}

// leaderServiceUsable reports whether the leader Service exists, is ours, is not being deleted, and has an address family.
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

// liveReads says what a decision needs from the API server, besides what is in memory.
type liveReads int

const (
	// readNothing leaves it to the leader cache whether to read.
	readNothing liveReads = iota
	// readSlices reads the Services and the slices, because a commit was refused.
	readSlices
	// readPods reads the pods, too, because the informers have been behind for too long.
	readPods
)

// loadLive reads the Services and the slices from the API server, in parallel, and updates the leader cache with them.
func (c *Controller) loadLive(ctx context.Context, key types.NamespacedName, in input, read liveReads) (input, bool, error) {
	began, names := time.Now(), want(in).Slices
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	slices, pods := make([]discoveryv1.EndpointSlice, len(names)), &corev1.PodList{}

	reads, readCtx := errgroup.WithContext(retry.WithFailFast(ctx))
	get := func(name string, into client.Object) {
		reads.Go(func() error { return c.getLive(readCtx, in.tuning, key.Namespace, name, into) })
	}
	get(key.Name, source)
	get(in.leaderService.Name, leaderService)
	for i, name := range names {
		get(name, &slices[i])
	}
	if read == readPods {
		reads.Go(func() error { return c.listPodsLive(readCtx, in, pods) })
	}
	if err := reads.Wait(); err != nil {
		return input{}, false, err
	}

	in.source, in.leaderService = source, leaderService
	if !store.KeepsLeader(source) || !leaderServiceUsable(in) || !c.stores.ServedByUs(leaderService) {
		return input{}, false, nil // the informer lags; its event enqueues the Service again
	}
	in.options, _ = store.ResolveOptions(source, leaderService)
	c.loadPods(&in)
	if read == readPods {
		in.replacePods(pods, c.stores)
	}
	in.seen.Services = newer(in.seen.Services, newer(source.ResourceVersion, leaderService.ResourceVersion))
	var found []leaderslice.Slice
	for i := range slices {
		if slices[i].UID != "" {
			found = append(found, leaderslice.Parse(&slices[i]))
		}
	}
	in.record = c.leaders.Refresh(key, want(in), found, began, time.Now())
	return in, true, nil
}

// replacePods replaces the informer's pods by those of a live list. The list is newer than any version that a slice's writer can have seen:
// a version that is newer still was made up.
func (in *input) replacePods(list *corev1.PodList, stores *store.Stores) {
	selector := labels.SelectorFromSet(in.source.Spec.Selector)
	in.pods = nil
	for i := range list.Items {
		pod := trim.Pod(&list.Items[i])
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && selector.Matches(labels.Set(pod.Labels)) {
			in.pods = append(in.pods, pod)
		}
	}
	in.disruptions = disruption.Of(stores, in.pods, in.tuning.Election, in.options.SameController)
	in.podsReadLive, in.seen.Pods = true, list.ResourceVersion
}

// getLive reads an object from the API server. It leaves the object empty when it does not exist.
func (c *Controller) getLive(ctx context.Context, tuning config.Tuning, namespace, name string, into client.Object) error {
	err := c.retryRead(ctx, tuning, func(ctx context.Context) error {
		return client.IgnoreNotFound(c.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s/%s: %w", into, namespace, name, err)
	}
	return trim.Object(into) // a read must not undo what the informers leave out
}

// listPodsLive lists the pods that a Service selects, from the API server.
func (c *Controller) listPodsLive(ctx context.Context, in input, into *corev1.PodList) error {
	err := c.retryRead(ctx, in.tuning, func(ctx context.Context) error {
		return c.live.List(ctx, into, client.InNamespace(in.source.Namespace), client.MatchingLabels(in.source.Spec.Selector))
	})
	if err != nil {
		return fmt.Errorf("failed to list pods of Service %s/%s: %w", in.source.Namespace, in.source.Name, err)
	}
	return nil
}

// retryRead makes a live read with the retries of a hand-over.
func (c *Controller) retryRead(ctx context.Context, tuning config.Tuning, read func(context.Context) error) error {
	return retry.Do(ctx, store.FailoverPolicy(tuning), opRead, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, retry.AttemptTimeout)
		defer cancel()
		return read(ctx)
	})
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
