package webhook

import (
	"cmp"
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// services refuses a Service that asks for what it cannot have, and changes of leader Services that Tanist would undo.
type services struct {
	known  LeaderServices
	tuning *config.Store
}

func (s services) handle(
	_ context.Context, request ctrlwebhook.AdmissionRequest,
) (ctrlwebhook.AdmissionResponse, error) {
	service, err := decode[corev1.Service](request.Object)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	old, err := decodeOld[corev1.Service](request)
	if err != nil {
		return ctrlwebhook.AdmissionResponse{}, err
	}
	service.Namespace = request.Namespace

	errs := s.mistakes(service, old)
	if len(errs) > 0 {
		return refused("Service", service.Name, errs), nil
	}
	return ctrlwebhook.Allowed("").WithWarnings(s.warnings(service, old)...), nil
}

// mistakes are what a request makes wrong. What a Service says does not matter once it is being deleted.
func (s services) mistakes(service, old *corev1.Service) field.ErrorList {
	source := sourceOf(cmp.Or(old, service))
	switch {
	case service.DeletionTimestamp != nil, source != "" && old == nil:
		return nil
	case source != "":
		if kept := s.known.LeaderSpec(service.Namespace, old); kept != nil {
			return undone(&service.Spec, &old.Spec, kept, source)
		}
		return nil
	default:
		return append(newMistakes(service, old), s.unavailable(service, newWish(service, old))...)
	}
}

// unavailable says why a Service cannot have the leader Service that it asks for: the name is taken, or another Service asks for it
// too. Of two Services that ask at the same moment, neither may be known yet; the controller then reports the second one.
func (s services) unavailable(service *corev1.Service, name string) field.ErrorList {
	if name == "" {
		return nil
	}
	if taken := s.known.Taken(service.Namespace, name, service.Name, service.UID); taken != nil {
		return field.ErrorList{takenName(name, taken)}
	}
	for _, other := range s.known.Wanting(service.Namespace, name) {
		if other.Name != service.Name {
			return field.ErrorList{field.Invalid(leaderServicePath, name,
				"is the name that Service "+other.Name+" asks for too: choose another name")}
		}
	}
	return nil
}

// warnings tell who asks for a longer drain window than there is, or makes a Service whose name is promised to another one's leader
// Service.
func (s services) warnings(service, old *corev1.Service) []string {
	var all []string
	options, _ := config.ParseOptions(service)
	longest := s.tuning.Load().Election.LongestDrainWindow()
	if options.DrainWindow != nil && *options.DrainWindow > longest &&
		(old == nil || old.Annotations[config.DrainWindowKey] != service.Annotations[config.DrainWindowKey]) {
		all = append(all, shortenedWarning(service.Annotations, longest))
	}
	if old != nil || service.Name == "" {
		return all
	}
	for _, other := range s.known.Wanting(service.Namespace, service.Name) {
		if other.Name != service.Name && !madeFor(service, other) {
			all = append(all, "Service "+other.Name+" wants this name for its leader Service, which cannot be made while this Service has it; "+
				"annotate "+other.Name+" with another "+config.LeaderServiceKey+", or rename this one")
		}
	}
	return all
}

// madeFor reports whether the labels of a Service say that it is the leader Service that Tanist made for another one.
func madeFor(service, source *corev1.Service) bool {
	return service.Labels[config.ManagedByKey] == config.ManagedBy && service.Labels[config.SourceServiceKey] == source.Name
}
