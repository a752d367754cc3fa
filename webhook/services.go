package webhook

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// services refuses a Service that asks for what it cannot have.
type services struct {
	known Services
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

	errs := newMistakes(service, old)
	if name := newWish(service, old); name != "" {
		if taken := s.known.Taken(service.Namespace, name, service.Name, service.UID); taken != nil {
			errs = append(errs, takenName(name, taken))
		}
	}
	if len(errs) > 0 {
		return refused("Service", service.Name, errs), nil
	}
	return ctrlwebhook.Allowed("").WithWarnings(s.warnings(service, old)...), nil
}

// warnings tell who makes a Service whose name is promised to another one's leader Service.
func (s services) warnings(service, old *corev1.Service) []string {
	if old != nil || service.Name == "" {
		return nil
	}
	var all []string
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
