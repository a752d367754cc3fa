package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

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
		ReaderFailOnMissingInformer: true, DefaultUnsafeDisableDeepCopy: &shared, DefaultTransform: trim,
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
