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

// extraCache is a cache besides the manager's, for objects that need another selector than that has. The manager runs it like its own,
// on every replica.
type extraCache struct{ ctrlcache.Cache }

// GetCache has the manager start it with its own cache, before any controller.
func (c extraCache) GetCache() ctrlcache.Cache { return c.Cache }

// AddCache adds a cache of the objects of one kind that a selector selects. A replica whose cache is not synced runs no controller, so it
// is not ready before.
func AddCache(mgr manager.Manager, name string, of client.Object, selector ctrlcache.ByObject) (ctrlcache.Cache, error) {
	shared := true
	cache, err := ctrlcache.New(mgr.GetConfig(), ctrlcache.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(),
		ReaderFailOnMissingInformer: true, DefaultUnsafeDisableDeepCopy: &shared, DefaultTransform: trim,
		ByObject: map[client.Object]ctrlcache.ByObject{of: selector},
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

// syncPatience is how long a readiness check waits for a cache: not long, the kubelet asks again.
const syncPatience = 100 * time.Millisecond

// Synced is ready once a cache knows all that there is.
func Synced(cache ctrlcache.Cache) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), syncPatience)
		defer cancel()
		if !cache.WaitForCacheSync(ctx) {
			return errors.New("it is not synced")
		}
		return nil
	}
}
