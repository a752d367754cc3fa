package config

import (
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ParsePriority parses the annotation tanist.dev/priority of a pod, a 32-bit integer. It returns 0 if the annotation is missing or
// wrong. The error is a *field.Error.
func ParsePriority(podAnnotations map[string]string) (int, error) {
	value, found := podAnnotations[PriorityKey]
	if !found {
		return 0, nil
	}
	priority, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, field.Invalid(annotationsPath.Key(PriorityKey), cut(value), "must be an integer from -2147483648 to 2147483647")
	}
	return int(priority), nil
}
