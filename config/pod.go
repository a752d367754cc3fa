package config

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// UnknownPodAnnotations reports the annotations of our domain that have no effect on a pod: misspelt ones, and those for Services.
func UnknownPodAnnotations(annotations map[string]string) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		switch path := annotationsPath.Key(key); {
		case !strings.HasPrefix(key, Domain+"/"), key == DrainWindowAppliedKey, key == DrainWindowRefusedKey, slices.Contains(podKeys, key):
		case slices.Contains(serviceKeys, key):
			errs = append(errs, field.Invalid(path, annotations[key], "belongs on the Service, not on its pods"))
		default:
			errs = append(errs, field.NotSupported(path, key, podKeys))
		}
	}
	return errs
}
