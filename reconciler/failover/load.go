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
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// reading says which live reads a decision needs besides what is known.
type reading int

const (
	// readNothing leaves it to the leader cache.
	readNothing reading = iota
	// readSlices reads the Services and the slices: a commit was refused.
	readSlices
	// readPods reads the pods, too: this replica has been behind for too long.
	readPods
)

// gather takes from the informers what a decision looks at; false when there is nothing to decide. How much was seen is asked first:
// what is listed afterwards is at least as new.
func (s *Controller) gather(key types.NamespacedName) (input, bool) {
	in := input{seen: s.stores.Seen(), source: s.stores.Service(key), tuning: s.tuning.Load(), authority: s.authority()}
	if in.source == nil || !s.stores.Serves(in.source) {
		return in, false
	}
	in.leaderService, in.options, _ = s.stores.LeaderServiceOf(in.source)
	if !usable(in) || !s.stores.ServedByUs(in.leaderService) {
		return in, false
	}
	in.departing = func(pod types.UID) bool { return s.leaders.Departing(pod, time.Now()) }
	s.gatherPods(&in)
	return in, true
}

// complete adds what is known of the slices: from the leader cache on a hit, with live reads on a miss. It returns false when it turns
// out that there is nothing to decide.
func (s *Controller) complete(ctx context.Context, key types.NamespacedName, in input, read reading) (input, bool, error) {
	if read != readNothing {
		miss := cache.MissConflict
		if read == readPods {
			miss = cache.MissBehind
		}
		s.leaders.CountMiss(miss)
		return s.refresh(ctx, key, in, read)
	}
	if known, ok := s.leaders.Peek(key); ok && recreated(known.Leader, in.pods) {
		s.leaders.Invalidate(key, cache.PodRecreated, time.Now())
	}
	record, miss := s.leaders.Lookup(key, want(in))
	in.record = record
	if miss != "" || in.orphaned() {
		return s.refresh(ctx, key, in, read)
	}
	return in, true, nil
}

func (s *Controller) gatherPods(into *input) {
	into.pods = s.stores.PodsSelectedBy(into.source)
	into.disruptions = disruption.Of(s.stores, into.pods, into.tuning.Election)
}

// release ends the work on a Service about which there is nothing to decide. One that is to have a leader has no leader Service yet: the
// Lease holder makes it, and its event leads here again. Of any other all that is remembered is dropped.
func (s *Controller) release(key types.NamespacedName, source *corev1.Service) {
	if source != nil && s.stores.Serves(source) {
		s.settled(key, nil)
		return
	}
	why := cache.OptedOut
	if source == nil || source.DeletionTimestamp != nil || s.stores.Terminating(key.Namespace) {
		why = cache.ServiceGone
	}
	s.leaders.Forget(key, why)
	s.warnings.Filter(key, nil)
	s.told.Filter(key, nil)
	s.repairs.Forget(key)
	s.refusals.Forget(key)
}

// usable reports whether the leader Service is there and ours.
func usable(s input) bool {
	return s.leaderService != nil && s.leaderService.DeletionTimestamp == nil &&
		leaderslice.OwnsLeaderService(s.leaderService, s.source) && len(leaderslice.Families(s.leaderService)) > 0
}

// orphaned reports whether a slice says that it belongs to another leader Service of the same name. That may be the newer one.
func (s input) orphaned() bool {
	for _, family := range leaderslice.Families(s.leaderService) {
		slice, exists := s.slice(family)
		if exists && !leaderslice.OwnsSlice(slice.Object, s.leaderService) {
			return true
		}
	}
	return false
}

func want(s input) cache.Want {
	return cache.Want{Service: s.source.UID, Slices: leaderslice.Names(s.leaderService)}
}

// recreated reports whether another pod has the leader's name now.
func recreated(leader leaderslice.Leader, pods []*corev1.Pod) bool {
	same, other := false, false
	for _, pod := range pods {
		same = same || pod.UID == leader.UID
		other = other || pod.Name == leader.Name && pod.UID != leader.UID
	}
	return other && !same
}

// refresh reads the Services and the slices from the API server, in parallel, and rebuilds what is known of them.
func (s *Controller) refresh(ctx context.Context, key types.NamespacedName, loaded input, read reading) (input, bool, error) {
	began, names := time.Now(), want(loaded).Slices
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	slices, pods := make([]discoveryv1.EndpointSlice, len(names)), &corev1.PodList{}

	reads, readCtx := errgroup.WithContext(retry.WithFailFast(ctx))
	get := func(name string, into client.Object) {
		reads.Go(func() error { return s.readLive(readCtx, loaded.tuning, key.Namespace, name, into) })
	}
	get(key.Name, source)
	get(loaded.leaderService.Name, leaderService)
	for i, name := range names {
		get(name, &slices[i])
	}
	if read == readPods {
		reads.Go(func() error { return s.listLive(readCtx, loaded, pods) })
	}
	if err := reads.Wait(); err != nil {
		return input{}, false, err
	}

	loaded.source, loaded.leaderService = source, leaderService
	if !store.KeepsLeader(source) || !usable(loaded) || !s.stores.ServedByUs(leaderService) {
		return input{}, false, nil // the informer lags behind; its event leads here again
	}
	loaded.options, _ = store.ResolveOptions(source, leaderService)
	s.gatherPods(&loaded)
	if read == readPods {
		loaded.usePods(pods, s.stores)
	}
	loaded.seen.Services = later(loaded.seen.Services, later(source.ResourceVersion, leaderService.ResourceVersion))
	var found []leaderslice.Slice
	for i := range slices {
		if slices[i].UID != "" {
			found = append(found, leaderslice.Parse(&slices[i]))
		}
	}
	loaded.record = s.leaders.Refresh(key, want(loaded), found, began, time.Now())
	return loaded, true, nil
}

// usePods takes pods that were read instead of those that the informer has. What was read is newer than whatever a slice says was
// seen, unless someone made that up.
func (s *input) usePods(list *corev1.PodList, v *store.Stores) {
	selector := labels.SelectorFromSet(s.source.Spec.Selector)
	s.pods = nil
	for i := range list.Items {
		pod := store.TrimPod(&list.Items[i])
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && selector.Matches(labels.Set(pod.Labels)) {
			s.pods = append(s.pods, pod)
		}
	}
	s.disruptions = disruption.Of(v, s.pods, s.tuning.Election)
	s.live, s.seen.Pods = true, list.ResourceVersion
}

// readLive leaves the object empty when it does not exist.
func (s *Controller) readLive(ctx context.Context, tuning config.Tuning, namespace, name string, into client.Object) error {
	err := s.retryRead(ctx, tuning, func(ctx context.Context) error {
		return client.IgnoreNotFound(s.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s/%s: %w", into, namespace, name, err)
	}
	return nil
}

// listLive lists the pods that a Service selects.
func (s *Controller) listLive(ctx context.Context, loaded input, into *corev1.PodList) error {
	err := s.retryRead(ctx, loaded.tuning, func(ctx context.Context) error {
		return s.live.List(ctx, into, client.InNamespace(loaded.source.Namespace), client.MatchingLabels(loaded.source.Spec.Selector))
	})
	if err != nil {
		return fmt.Errorf("failed to list pods of Service %s/%s: %w", loaded.source.Namespace, loaded.source.Name, err)
	}
	return nil
}

func (s *Controller) retryRead(ctx context.Context, tuning config.Tuning, read func(context.Context) error) error {
	return retry.Do(ctx, store.FailoverPolicy(tuning), opRead, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, retry.AttemptTimeout)
		defer cancel()
		return read(ctx)
	})
}
