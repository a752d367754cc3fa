package webhook

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/tanist-dev/tanist/config"
)

// annotationsPath is the path of an object's annotations, and leaderServicePath that of the one that names the leader Service.
var (
	annotationsPath   = field.NewPath("metadata", "annotations")
	leaderServicePath = annotationsPath.Key(config.LeaderServiceKey)
)

// introducedErrors returns the errors in a Service's annotations that the request introduces. Existing errors do not block unrelated updates, such
// as a label that a controller sets or a finalizer that is removed. They do block opting in. old is nil for a new Service.
func introducedErrors(service, old *corev1.Service) field.ErrorList {
	if old == nil || optsIn(service, old) {
		_, errs := config.ParseOptions(service)
		return errs
	}
	return config.NewErrors(service, old)
}

// introducedLeaderServiceName returns the leader Service's name that the request asks for and the old Service did not; empty if there is
// none. old is nil for a new Service.
func introducedLeaderServiceName(service, old *corev1.Service) string {
	if !config.Enabled(service.Annotations) {
		return ""
	}
	options, errs := config.ParseOptions(service)
	if slices.ContainsFunc(errs, func(err *field.Error) bool { return err.Field == leaderServicePath.String() }) {
		return "" // not a valid name
	}
	if old != nil && !optsIn(service, old) {
		if before, _ := config.ParseOptions(old); before.LeaderService == options.LeaderService {
			return ""
		}
	}
	return options.LeaderService
}

// nameTaken returns the error for a leader Service's name that another Service has. It does not advise the user to delete that Service,
// which may be in use.
func nameTaken(name string, by *corev1.Service) *field.Error {
	detail := "is the name of an existing Service, which Tanist leaves alone because it is not this one's leader Service: choose another name"
	if source := sourceOf(by); source != "" {
		detail = "is the leader Service of Service " + source + ": choose another name"
	}
	return field.Invalid(leaderServicePath, name, detail)
}

// optsIn reports whether an update adds the annotation that asks for a leader Service.
func optsIn(service, old *corev1.Service) bool {
	return config.Enabled(service.Annotations) && !config.Enabled(old.Annotations)
}

// opensLeaderService reports whether a request asks for a leader Service of a type that gets traffic from outside of the cluster, and the
// Service did not ask for that type before. old is nil for a new Service.
func opensLeaderService(service, old *corev1.Service, options config.Options) bool {
	if service.DeletionTimestamp != nil || !config.Enabled(service.Annotations) || !options.LeaderServiceType.External() {
		return false
	}
	return old == nil || optsIn(service, old) ||
		old.Annotations[config.LeaderServiceTypeKey] != service.Annotations[config.LeaderServiceTypeKey]
}
