package store

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// CacheOptions are for the manager's cache: what is watched, and what of it is kept. The namespace is Tanist's own.
func CacheOptions(namespace string) ctrlcache.Options {
	shared := true
	return ctrlcache.Options{
		// An informer that nobody planned would list a whole cluster's objects at the first read.
		ReaderFailOnMissingInformer:  true,
		DefaultTransform:             trim,
		DefaultUnsafeDisableDeepCopy: &shared,
		ByObject: map[client.Object]ctrlcache.ByObject{
			&corev1.Pod{}: {Field: fields.AndSelectors(
				// A pod that fails or finishes disappears from the watch: that is the signal.
				fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
				fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
			)},
			&discoveryv1.EndpointSlice{}: {Label: otherMakers()},
			&corev1.ConfigMap{}: {Field: fields.AndSelectors(
				fields.OneTermEqualSelector("metadata.namespace", namespace),
				fields.OneTermEqualSelector("metadata.name", config.TuningConfigMap),
			)},
		},
	}
}
