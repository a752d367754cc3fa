package reconciler

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

// load gathers what a decision looks at: from memory on a hit, with live reads on a miss. It returns false when there is nothing to
// decide.
func (s *succession) load(ctx context.Context, key types.NamespacedName, read reading) (situation, bool, error) {
	source, wanted := s.wanted(key)
	if !wanted {
		s.forget(key, source)
		return situation{}, false, nil
	}
	loaded, ok := s.gather(source)
	if !ok {
		return situation{}, false, nil // the Lease holder makes the leader Service, and its event leads here again
	}
	if read != readNothing {
		s.leaders.Conflicted()
		return s.refresh(ctx, key, loaded, read)
	}
	if known, ok := s.leaders.Peek(key); ok && recreated(known.Leader, loaded.pods) {
		s.leaders.Invalidate(key, cache.PodRecreated, time.Now())
	}
	record, miss := s.leaders.Lookup(key, want(loaded))
	loaded.record = record
	if miss != "" || loaded.orphaned() {
		return s.refresh(ctx, key, loaded, read)
	}
	return loaded, true, nil
}

// wanted is a Service, and whether it is to have a leader.
func (s *succession) wanted(key types.NamespacedName) (*corev1.Service, bool) {
	source := s.views.service(key)
	return source, source != nil && s.views.serves(source)
}

// gather takes from the informers what a decision looks at; false while the Service has no leader Service. How much was seen is asked
// first: what is listed afterwards is at least as new.
func (s *succession) gather(source *corev1.Service) (situation, bool) {
	gathered := situation{seen: s.views.seen(), source: source, tuning: s.tuning.Load(), authority: s.authority()}
	gathered.leaderService, gathered.options, _ = s.views.leaderServiceOf(source)
	if !usable(gathered) || !s.views.servedByUs(gathered.leaderService) {
		return situation{}, false
	}
	gathered.departing = func(pod types.UID) bool { return s.leaders.Departing(pod, time.Now()) }
	s.gatherPods(&gathered)
	return gathered, true
}

func (s *succession) gatherPods(into *situation) {
	into.pods = s.views.selectedBy(into.source)
	into.outlook = s.views.outlook(into.pods, into.tuning.Election)
}

// forget drops all that is remembered of a Service that has no leader Service, or is gone.
func (s *succession) forget(key types.NamespacedName, source *corev1.Service) {
	why := cache.OptedOut
	if source == nil || source.DeletionTimestamp != nil || s.views.terminating(key.Namespace) {
		why = cache.ServiceGone
	}
	s.leaders.Forget(key, why)
	s.complaints.news(key, nil)
	s.told.news(key, nil)
	s.repairs.forget(key)
	s.refusals.forget(key)
}

// usable reports whether the leader Service is there and ours.
func usable(s situation) bool {
	return s.leaderService != nil && s.leaderService.DeletionTimestamp == nil &&
		ownsLeaderService(s.leaderService, s.source) && len(families(s.leaderService)) > 0
}

// orphaned reports whether a slice says that it belongs to another leader Service of the same name. That may be the newer one.
func (s situation) orphaned() bool {
	for _, family := range families(s.leaderService) {
		slice, exists := s.slice(family)
		if exists && !ownsSlice(slice.Object, s.leaderService) {
			return true
		}
	}
	return false
}

func want(s situation) cache.Want {
	return cache.Want{Service: s.source.UID, Slices: sliceNames(s.leaderService)}
}

// recreated reports whether another pod has the leader's name now.
func recreated(leader cache.Leader, pods []*corev1.Pod) bool {
	same, other := false, false
	for _, pod := range pods {
		same = same || pod.UID == leader.UID
		other = other || pod.Name == leader.Name && pod.UID != leader.UID
	}
	return other && !same
}

// refresh reads the Services and the slices from the API server, in parallel, and rebuilds what is known of them.
func (s *succession) refresh(ctx context.Context, key types.NamespacedName, loaded situation, read reading) (situation, bool, error) {
	began, names := time.Now(), want(loaded).Slices
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	slices, pods := make([]discoveryv1.EndpointSlice, len(names)), &corev1.PodList{}

	reads, readCtx := errgroup.WithContext(failFast(ctx))
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
		return situation{}, false, err
	}

	loaded.source, loaded.leaderService = source, leaderService
	if !keepsLeader(source) || !usable(loaded) || !s.views.servedByUs(leaderService) {
		return situation{}, false, nil // the informer lags behind; its event leads here again
	}
	loaded.options, _ = resolveOptions(source, leaderService)
	s.gatherPods(&loaded)
	if read == readPods {
		loaded.usePods(pods, s.views)
	}
	loaded.seen.Services = later(loaded.seen.Services, later(source.ResourceVersion, leaderService.ResourceVersion))
	var found []cache.Slice
	for i := range slices {
		if slices[i].UID != "" {
			found = append(found, parseSlice(&slices[i]))
		}
	}
	loaded.record = s.leaders.Refresh(key, want(loaded), found, began, time.Now())
	return loaded, true, nil
}

// usePods takes pods that were read instead of those that the informer has. What was read is newer than whatever a slice says was
// seen, unless someone made that up.
func (s *situation) usePods(list *corev1.PodList, v *views) {
	selector := labels.SelectorFromSet(s.source.Spec.Selector)
	s.pods = nil
	for i := range list.Items {
		pod := trimPod(&list.Items[i])
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && selector.Matches(labels.Set(pod.Labels)) {
			s.pods = append(s.pods, pod)
		}
	}
	s.outlook = v.outlook(s.pods, s.tuning.Election)
	s.live, s.seen.Pods = true, list.ResourceVersion
}

// readLive leaves the object empty when it does not exist.
func (s *succession) readLive(ctx context.Context, tuning config.Tuning, namespace, name string, into client.Object) error {
	err := s.retryRead(ctx, tuning, func(ctx context.Context) error {
		return client.IgnoreNotFound(s.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s/%s: %w", into, namespace, name, err)
	}
	return nil
}

// listLive lists the pods that a Service selects.
func (s *succession) listLive(ctx context.Context, loaded situation, into *corev1.PodList) error {
	err := s.retryRead(ctx, loaded.tuning, func(ctx context.Context) error {
		return s.live.List(ctx, into, client.InNamespace(loaded.source.Namespace), client.MatchingLabels(loaded.source.Spec.Selector))
	})
	if err != nil {
		return fmt.Errorf("failed to list pods of Service %s/%s: %w", loaded.source.Namespace, loaded.source.Name, err)
	}
	return nil
}

func (s *succession) retryRead(ctx context.Context, tuning config.Tuning, read func(context.Context) error) error {
	return retry.Do(ctx, policy(policyFailover, tuning.Retry.Failover), opReadLive, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		return read(ctx)
	})
}
