package config

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// UnknownPodAnnotations reports the annotations of our domain that have no effect on a pod: misspelt ones, and those for Services. It tells
// the first MaxErrors, and counts the others.
func UnknownPodAnnotations(annotations map[string]string) field.ErrorList {
	wrong := wrongKeys(annotations, func(key string) bool {
		return strings.HasPrefix(key, Domain+"/") && key != DrainWindowAppliedKey && key != DrainWindowRefusedKey && !slices.Contains(podKeys, key)
	})
	var errs field.ErrorList
	for _, key := range wrong.keys {
		if path := annotationsPath.Key(cut(key)); slices.Contains(serviceKeys, key) {
			errs = append(errs, field.Invalid(path, cut(annotations[key]), "belongs on the Service, not on its pods"))
		} else {
			errs = append(errs, field.NotSupported(path, cut(key), podKeys))
		}
	}
	return append(errs, wrong.rest(annotationsPath)...)
}
