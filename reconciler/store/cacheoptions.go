package store

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// CacheOptions returns the options of the manager's cache: what it watches, and what it keeps of that. The namespace is the one Tanist runs
// in.
func CacheOptions(namespace string) ctrlcache.Options {
	shared := true
	return ctrlcache.Options{
		// Without this, the first read of a kind that is not watched would start an informer for all such objects of the cluster.
		ReaderFailOnMissingInformer:  true,
		DefaultTransform:             trim,
		DefaultUnsafeDisableDeepCopy: &shared,
		ByObject: map[client.Object]ctrlcache.ByObject{
			&corev1.Pod{}: {Field: fields.AndSelectors(
				// A pod that fails or finishes disappears from the watch. The controllers handle that like a deletion.
				fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
				fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
			)},
			&discoveryv1.EndpointSlice{}: {Label: unselectedSlices()},
			&corev1.ConfigMap{}: {Field: fields.AndSelectors(
				fields.OneTermEqualSelector("metadata.namespace", namespace),
				fields.OneTermEqualSelector("metadata.name", config.TuningConfigMap),
			)},
		},
	}
}
