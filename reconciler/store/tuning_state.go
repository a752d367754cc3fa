package store

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/config"
)

// AddStateCache adds a cache of the ConfigMap tanist-state. It is a cache of its own because one has one field selector for all
// ConfigMaps, and watching all of a namespace takes a right that cannot be limited by name.
//
// It is watched and not read when the tuning goes wrong: the holder of the Lease may save the tuning that was good before a moment
// after that, and every replica must come to the same one.
func AddStateCache(mgr manager.Manager, namespace string) (ctrlcache.Cache, error) {
	return AddCache(mgr, config.TuningState, &corev1.ConfigMap{}, ctrlcache.ByObject{Field: fields.AndSelectors(
		fields.OneTermEqualSelector("metadata.namespace", namespace),
		fields.OneTermEqualSelector("metadata.name", config.TuningState),
	)})
}
