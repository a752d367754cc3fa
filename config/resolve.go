package config

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ResolveOptions is ParseOptions with a fallback. For a wrong annotation, it uses the value in lastGood, which holds raw values by
// annotation key. The option has its default only if that value is missing or wrong too. The errors are those of the Service itself.
func ResolveOptions(service *corev1.Service, lastGood map[string]string) (Options, field.ErrorList) {
	options, errs := ParseOptions(service)
	if len(errs) == 0 || len(lastGood) == 0 {
		return options, errs
	}
	repaired := *service
	repaired.Annotations = maps.Clone(service.Annotations)
	for _, key := range serviceKeys {
		if !Wrong(errs, key) {
			continue
		}
		delete(repaired.Annotations, key)
		if value, found := lastGood[key]; found {
			repaired.Annotations[key] = value
		}
	}
	options, _ = ParseOptions(&repaired)
	return options, errs
}

// LastGood returns what ResolveOptions falls back to the next time: the Service's valid annotations, and the values known before of the
// wrong ones.
func LastGood(service *corev1.Service, before map[string]string) map[string]string {
	_, errs := ParseOptions(service)
	good := map[string]string{}
	for _, key := range serviceKeys {
		value, found := service.Annotations[key]
		switch {
		case key == EnabledKey, !found: // a Service that has not opted in has no leader Service to store anything
		case !Wrong(errs, key):
			good[key] = value
		default:
			if value, known := before[key]; known {
				good[key] = value
			}
		}
	}
	return good
}

// Wrong reports whether one of the errors is about the annotation with this key.
func Wrong(errs field.ErrorList, key string) bool {
	return slices.ContainsFunc(errs, func(err *field.Error) bool { return strings.Contains(err.Field, "["+key+"]") })
}
