package reconciler

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/retry"
)

// load gathers what a decision looks at: from memory on a hit, with live reads of the Services and slices on a miss. conflicted
// says that a commit was refused, which is a miss too. It returns false when there is nothing to decide.
func (s *succession) load(ctx context.Context, key types.NamespacedName, conflicted bool) (situation, bool, error) {
	source := s.views.service(key)
	if !s.views.optedIn(key.Namespace) || !wantsLeader(source) {
		s.forget(key, source)
		return situation{}, false, nil
	}
	loaded := s.gather(key, source)
	if !usable(loaded) {
		s.leaders.Meet(key, source.UID, loaded.owners)
		return situation{}, false, nil // stewardship makes it, and its event leads here again
	}
	if conflicted {
		s.leaders.Conflicted()
		return s.refresh(ctx, key, loaded)
	}
	if known, ok := s.leaders.Peek(key); ok && recreated(known.Leader, loaded.pods) {
		s.leaders.Invalidate(key, cache.PodRecreated)
	}
	record, miss := s.leaders.Lookup(key, want(loaded))
	if miss != "" {
		return s.refresh(ctx, key, loaded)
	}
	loaded.record = record
	return loaded, true, nil
}

// gather takes from the informers what a decision looks at.
func (s *succession) gather(key types.NamespacedName, source *corev1.Service) situation {
	labelled := s.views.labelledFor(key)
	gathered := situation{source: source, tuning: s.tuning.Load(), departing: s.leaders.Departing(time.Now())}
	gathered.options, _ = s.options.resolve(source, labelled)
	gathered.leaderService = s.views.service(types.NamespacedName{Namespace: key.Namespace, Name: gathered.options.LeaderService})
	gathered.owners = leaderServiceUIDs(source, labelled)
	gathered.pods = s.views.selectedBy(source)
	gathered.outlook = s.views.outlook(gathered.pods, gathered.tuning.Election)
	return gathered
}

// forget drops all that is remembered of a Service that has no leader Service, or is gone.
func (s *succession) forget(key types.NamespacedName, source *corev1.Service) {
	why := cache.OptedOut
	if source == nil || source.DeletionTimestamp != nil || s.views.terminating(key.Namespace) {
		why = cache.ServiceGone
	}
	s.leaders.Forget(key, why)
	s.options.forget(key)
	s.complaints.news(key, nil)
}

// usable reports whether the leader Service is there and ours.
func usable(s situation) bool {
	return s.leaderService != nil && s.leaderService.DeletionTimestamp == nil &&
		ownsLeaderService(s.leaderService, s.source.Name, s.source.UID)
}

// leaderServiceUIDs are those of the leader Services of ours that a Service has.
func leaderServiceUIDs(source *corev1.Service, labelled []*corev1.Service) []types.UID {
	var uids []types.UID
	for _, service := range labelled {
		if ownsLeaderService(service, source.Name, source.UID) {
			uids = append(uids, service.UID)
		}
	}
	return uids
}

func want(s situation) cache.Want {
	want := cache.Want{Service: s.source.UID, Owners: s.owners}
	for _, family := range families(s.leaderService) {
		want.Slices = append(want.Slices, sliceName(s.leaderService.Name, family))
	}
	return want
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
func (s *succession) refresh(ctx context.Context, key types.NamespacedName, loaded situation) (situation, bool, error) {
	names := want(loaded).Slices
	source, leaderService := &corev1.Service{}, &corev1.Service{}
	slices := make([]discoveryv1.EndpointSlice, len(names))

	reads, readCtx := errgroup.WithContext(failFast(ctx))
	read := func(name string, into client.Object) {
		reads.Go(func() error { return s.readLive(readCtx, loaded, key.Namespace, name, into) })
	}
	read(key.Name, source)
	read(loaded.leaderService.Name, leaderService)
	for i, name := range names {
		read(name, &slices[i])
	}
	if err := reads.Wait(); err != nil {
		return situation{}, false, err
	}

	loaded.source, loaded.leaderService = source, leaderService
	if !wantsLeader(source) || !usable(loaded) {
		return situation{}, false, nil // the informer lags behind; its event leads here again
	}
	loaded.owners = addUID(loaded.owners, leaderService.UID)
	loaded.pods = s.views.selectedBy(source)
	loaded.outlook = s.views.outlook(loaded.pods, loaded.tuning.Election)
	var found []cache.Slice
	for i := range slices {
		if slices[i].UID != "" {
			found = append(found, parseSlice(&slices[i]))
		}
	}
	loaded.record = s.leaders.Refresh(key, want(loaded), found, time.Now())
	return loaded, true, nil
}

// readLive leaves the object empty when it does not exist.
func (s *succession) readLive(ctx context.Context, loaded situation, namespace, name string, into client.Object) error {
	err := retry.Do(ctx, policy(policyFailover, loaded.tuning.Retry.Failover), opReadLive, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
		defer cancel()
		return client.IgnoreNotFound(s.live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, into))
	})
	if err != nil {
		return fmt.Errorf("failed to read %T %s/%s: %w", into, namespace, name, err)
	}
	return nil
}
