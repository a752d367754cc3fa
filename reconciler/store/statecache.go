package store

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/config"
)

// AddStateCache adds a cache of the ConfigMap tanist-state. It is a cache of its own, because a cache has one field selector for all
// ConfigMaps, and watching all ConfigMaps of a namespace takes a right that cannot be limited to names.
//
// The ConfigMap is watched, not read when the tuning becomes wrong: the holder of the Lease may save the tuning that was good before a
// moment later, and every replica must come to use that one.
func AddStateCache(mgr manager.Manager, namespace string) (ctrlcache.Cache, error) {
	return AddCache(mgr, config.TuningState, &corev1.ConfigMap{}, ctrlcache.ByObject{Field: fields.AndSelectors(
		fields.OneTermEqualSelector("metadata.namespace", namespace),
		fields.OneTermEqualSelector("metadata.name", config.TuningState),
	)})
}
