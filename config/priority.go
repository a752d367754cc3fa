package config

import (
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ParsePriority reads the annotation tanist.dev/priority of a pod: an integer of 32 bits. It is 0 when the annotation is missing
// or wrong; the error is a *field.Error.
func ParsePriority(podAnnotations map[string]string) (int, error) {
	value, found := podAnnotations[PriorityKey]
	if !found {
		return 0, nil
	}
	priority, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, field.Invalid(annotationsPath.Key(PriorityKey), value, "must be an integer from -2147483648 to 2147483647")
	}
	return int(priority), nil
}
