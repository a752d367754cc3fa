package store

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// WantsLeader reports whether a Service, in a namespace that opted in, is to have a leader Service: it has the annotation, pods to
// choose from, a port to offer, and stays.
func WantsLeader(service *corev1.Service) bool {
	return service != nil && config.Enabled(service.Annotations) && canHaveLeader(service)
}

// KeepsLeader reports whether a Service that has a leader Service keeps it. A mistyped annotation is one that was right before.
func KeepsLeader(service *corev1.Service) bool {
	return service != nil && concernsUs(service) && canHaveLeader(service)
}

func canHaveLeader(service *corev1.Service) bool {
	return service.DeletionTimestamp == nil &&
		service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Selector) > 0 && len(service.Spec.Ports) > 0
}

// concernsUs reports whether a Service's annotations ask for a leader Service, or did before they were mistyped.
func concernsUs(service *corev1.Service) bool {
	return config.Enabled(service.Annotations) || config.Mistyped(service.Annotations)
}
