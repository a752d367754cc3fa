package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// CacheOptions returns the options of the manager's cache: what it watches, and what it keeps of that. It has what is watched in the whole cluster,
// however few namespaces have opted in: Namespaces and Nodes. The namespace is the one Tanist runs in.
func CacheOptions(namespace string) ctrlcache.Options {
	shared := true
	return ctrlcache.Options{
		// Without this, the first read of a kind that is not watched would start an informer for all such objects of the cluster.
		ReaderFailOnMissingInformer:  true,
		DefaultTransform:             trim.Transform,
		DefaultUnsafeDisableDeepCopy: &shared,
		ByObject: map[client.Object]ctrlcache.ByObject{
			&corev1.ConfigMap{}: {Field: fields.AndSelectors(
				fields.OneTermEqualSelector("metadata.namespace", namespace),
				fields.OneTermEqualSelector("metadata.name", config.TuningConfigMap),
			)},
		},
	}
}

// extraCache is a cache besides the manager's. The manager runs it like its own, on every replica.
type extraCache struct{ ctrlcache.Cache }

// GetCache makes the manager start the cache together with its own, before any controller.
func (c extraCache) GetCache() ctrlcache.Cache { return c.Cache }

// AddCache adds a cache of one kind of objects with a selector of its own: the manager's cache has one selector for each kind. It also adds
// a readiness check: a replica runs no controller before all its caches are synced.
func AddCache(mgr manager.Manager, name string, kind client.Object, selector ctrlcache.ByObject) (ctrlcache.Cache, error) {
	shared := true
	cache, err := ctrlcache.New(mgr.GetConfig(), ctrlcache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		ReaderFailOnMissingInformer: true, DefaultUnsafeDisableDeepCopy: &shared, DefaultTransform: trim.Transform,
		ByObject: map[client.Object]ctrlcache.ByObject{kind: selector},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make cache %s: %w", name, err)
	}
	if err := mgr.Add(extraCache{cache}); err != nil {
		return nil, fmt.Errorf("failed to add cache %s: %w", name, err)
	}
	if err := mgr.AddReadyzCheck(name, Synced(cache)); err != nil {
		return nil, fmt.Errorf("failed to add readiness check %s: %w", name, err)
	}
	return cache, nil
}

// syncTimeout is how long a readiness check waits for a cache. It is short, because the kubelet checks again.
const syncTimeout = 100 * time.Millisecond

// Synced returns a check that passes once a cache is synced.
func Synced(cache ctrlcache.Cache) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), syncTimeout)
		defer cancel()
		if !cache.WaitForCacheSync(ctx) {
			return errors.New("the cache is not synced")
		}
		return nil
	}
}

// addStateCache adds a cache of the ConfigMap tanist-state. It is a cache of its own, because a cache has one field selector for all
// ConfigMaps, and watching all ConfigMaps of a namespace takes a right that cannot be limited to names.
//
// The ConfigMap is watched, not read when the tuning becomes wrong: the holder of the Lease may save the last good tuning a moment later,
// and every replica must then use that one.
func addStateCache(mgr manager.Manager, namespace string) (ctrlcache.Cache, error) {
	return AddCache(mgr, config.TuningState, &corev1.ConfigMap{}, ctrlcache.ByObject{Field: fields.AndSelectors(
		fields.OneTermEqualSelector("metadata.namespace", namespace),
		fields.OneTermEqualSelector("metadata.name", config.TuningState),
	)})
}

// addReplicaCache adds a cache of the pods of this installation. They are watched in whatever namespaces have opted in.
func addReplicaCache(mgr manager.Manager, namespace string) (ctrlcache.Cache, error) {
	return AddCache(mgr, "replicas", &corev1.Pod{}, ctrlcache.ByObject{
		Label: labels.SelectorFromSet(labels.Set{config.ReplicaNameKey: config.ReplicaName}),
		Field: fields.AndSelectors(fields.OneTermEqualSelector("metadata.namespace", namespace), unfinishedPods()),
	})
}

// addLeaderServiceCache adds a cache of the metadata of leader Services. It tells in which namespaces there are any: these are watched until they
// have none, although they may have opted out.
func addLeaderServiceCache(mgr manager.Manager) (ctrlcache.Cache, error) {
	return AddCache(mgr, "leader-services", serviceMetadata(), ctrlcache.ByObject{
		Label: labels.NewSelector().Add(requirement(config.SourceServiceKey, selection.Exists)),
	})
}
