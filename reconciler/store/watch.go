package store

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// namespaceLimit is how many namespaces are watched one by one, before the whole cluster is watched. A namespace with two pods takes a replica about
// 350 KiB (TestWatchedNamespacesCostLittle logs it), and a replica and the API server eight watches. So a hundred take 35 MiB, a fifteenth of the
// chart's memory limit, whatever the size of the cluster. The API server then has 800 watches for each replica, where those of the whole cluster
// are eight.
const namespaceLimit = 100

// Watched is where the events come from that the controllers handle.
type Watched struct {
	// Cluster has Namespaces, Nodes and the ConfigMap tanist-tuning. States has the ConfigMap tanist-state, and Replicas the pods of this
	// installation.
	Cluster, States, Replicas ctrlcache.Cache
	// Namespaced has what is watched in the namespaces that have opted in.
	Namespaced *informers.Informers
}

// Watch adds to the manager everything that the controllers watch, and returns the stores. The cache of the manager must have been created with
// CacheOptions. A replica runs no controller before what concerns the whole cluster is synced. The namespaces follow one by one, so that none
// delays another. With only, these are all namespaces that may be watched. The log gets a line when the whole cluster is watched instead.
func Watch(ctx context.Context, mgr manager.Manager, installation string, only []string, log logr.Logger) (*Stores, *Watched, error) {
	s, w := &Stores{Installation: installation}, &Watched{Cluster: mgr.GetCache()}
	if len(only) > 0 {
		s.only = sets.New(only...)
	}
	if err := w.addNamespaced(mgr, s, log); err != nil {
		return nil, nil, err
	}
	leaderServices, err := w.addCaches(mgr, s)
	if err != nil {
		return nil, nil, err
	}
	if s.Leases, err = addLeases(mgr); err != nil {
		return nil, nil, err
	}
	for _, informed := range []struct {
		from     ctrlcache.Informers
		kind     client.Object
		into     *toolscache.Indexer
		indexers toolscache.Indexers
		check    func(object any)
	}{
		{from: w.Cluster, kind: NamespaceMetadata(), into: &s.Namespaces, check: func(object any) { w.check(client.Object.GetName, object) }},
		{from: w.Cluster, kind: &corev1.Node{}, into: &s.nodes},
		{from: w.Cluster, kind: &corev1.ConfigMap{}, into: &s.configMaps},
		{from: w.States, kind: &corev1.ConfigMap{}, into: &s.states},
		{from: w.Replicas, kind: &corev1.Pod{}, into: &s.replicas, indexers: podIndexers},
		{from: leaderServices, kind: serviceMetadata(), into: &s.leaderServices, check: func(object any) { w.check(client.Object.GetNamespace, object) }},
	} {
		if informed.from == nil {
			continue
		}
		informer, err := informed.from.GetInformer(ctx, informed.kind, ctrlcache.BlockUntilSynced(false))
		if err != nil {
			return nil, nil, fmt.Errorf("failed to get informer for %T: %w", informed.kind, err)
		}
		if err := informer.AddIndexers(informed.indexers); err != nil {
			return nil, nil, fmt.Errorf("failed to index %T: %w", informed.kind, err)
		}
		indexed, ok := informer.(toolscache.SharedIndexInformer)
		if !ok {
			return nil, nil, fmt.Errorf("failed to get store of informer for %T: %T has none", informed.kind, informer)
		}
		*informed.into = indexed.GetIndexer()
		if informed.check == nil {
			continue
		}
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: informed.check, UpdateFunc: func(_, object any) { informed.check(object) }, DeleteFunc: informed.check,
		}); err != nil {
			return nil, nil, fmt.Errorf("failed to handle %T: %w", informed.kind, err)
		}
	}
	return s, w, nil
}

// addNamespaced adds the informers of the namespaces that have opted in.
func (w *Watched) addNamespaced(mgr manager.Manager, s *Stores, log logr.Logger) (err error) {
	limit := namespaceLimit
	if s.only != nil {
		limit = 0 // Tanist has no right to watch the whole cluster
	}
	w.Namespaced, err = informers.New(informers.Options{
		Cluster: mgr.GetConfig(), HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		Kinds: kinds(), Transform: trim.Transform, Wanted: s.watches, Namespaces: func() []string { return s.Namespaces.ListKeys() },
		Limit: limit, Log: log,
	})
	if err != nil {
		return err
	}
	for kind, into := range map[string]*informers.Objects{
		KindPods: &s.Pods, KindServices: &s.Services, KindReplicaSets: &s.replicaSets, KindDeployments: &s.deployments,
		KindStatefulSets: &s.statefulSets, KindDaemonSets: &s.daemonSets, KindSlices: &s.slices, KindSelectedSlices: &s.selected,
	} {
		*into = w.Namespaced.Objects(kind)
	}
	if err := mgr.AddReadyzCheck("namespaces", w.Namespaced.Ready); err != nil {
		return fmt.Errorf("failed to add readiness check of namespaces: %w", err)
	}
	if err := mgr.Add(w.Namespaced); err != nil {
		return fmt.Errorf("failed to add informers of namespaces: %w", err)
	}
	return nil
}

// addCaches adds the caches besides the manager's. It returns that of the leader Services, which is nil if only some namespaces may be watched.
func (w *Watched) addCaches(mgr manager.Manager, s *Stores) (leaderServices ctrlcache.Cache, err error) {
	if w.States, err = addStateCache(mgr, s.Installation); err != nil {
		return nil, err
	}
	if w.Replicas, err = addReplicaCache(mgr, s.Installation); err != nil || s.only != nil {
		return nil, err
	}
	return addLeaderServiceCache(mgr)
}

// check finds out whether a namespace is to be watched, because of an event of an object that names it.
func (w *Watched) check(namespace func(client.Object) string, object any) {
	if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	if named, ok := object.(client.Object); ok {
		w.Namespaced.Check(namespace(named))
	}
}

// watches reports whether a namespace is to be watched: it has the label that opts it in, or leader Services, which are to be deleted after it has
// opted out. Of the namespaces that alone may be watched, each is, because nothing else tells whether there are leader Services in it.
func (s *Stores) watches(namespace string) bool {
	meta := s.namespace(namespace)
	switch {
	case meta == nil:
		return false
	case s.only != nil:
		return s.only.Has(namespace)
	default:
		return config.Enabled(meta.Labels) || len(byIndex[client.Object](s.leaderServices, toolscache.NamespaceIndex, namespace)) > 0
	}
}
