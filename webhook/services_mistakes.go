package webhook

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// leaderServicePath is the field that names a leader Service.
var leaderServicePath = field.NewPath("metadata", "annotations").Key(config.LeaderServiceKey)

// newMistakes is what a request makes wrong. What was wrong before is not in the way of a change that has nothing to do with it (a
// controller that sets a label, a finalizer that goes); opting in has to do with all of it. The old Service is nil for a new one.
func newMistakes(service, old *corev1.Service) field.ErrorList {
	_, errs := config.ParseOptions(service)
	if old == nil || optsIn(service, old) {
		return errs
	}
	_, before := config.ParseOptions(old)
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		return slices.ContainsFunc(before, func(known *field.Error) bool { return known.Error() == err.Error() })
	})
}

// newWish is the leader Service's name that a request asks for, when it did not ask for that before; else empty.
func newWish(service, old *corev1.Service) string {
	if !config.Enabled(service.Annotations) {
		return ""
	}
	options, errs := config.ParseOptions(service)
	if slices.ContainsFunc(errs, func(err *field.Error) bool { return err.Field == leaderServicePath.String() }) {
		return "" // and that is refused
	}
	if old != nil && !optsIn(service, old) {
		if before, _ := config.ParseOptions(old); before.LeaderService == options.LeaderService {
			return ""
		}
	}
	return options.LeaderService
}

// takenName never advises to delete a Service: it may be one that works.
func takenName(name string, by *corev1.Service) *field.Error {
	detail := "is the name of a Service that is not this one's leader Service and will be left alone: choose another name"
	if source := sourceOf(by); source != "" {
		detail = "is the leader Service of Service " + source + ": choose another name"
	}
	return field.Invalid(leaderServicePath, name, detail)
}

func optsIn(service, old *corev1.Service) bool {
	return config.Enabled(service.Annotations) && !config.Enabled(old.Annotations)
}
