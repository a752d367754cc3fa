package store

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// WantsLeader reports whether a Service, in a namespace that opted in, is to have a leader Service: it has the annotation, a selector and
// ports, and it is not being deleted.
func WantsLeader(service *corev1.Service) bool {
	return service != nil && config.Enabled(service.Annotations) && canHaveLeader(service)
}

// KeepsLeader reports whether a Service that has a leader Service keeps it. A mistyped annotation deletes nothing: it was right before.
func KeepsLeader(service *corev1.Service) bool {
	return service != nil && enabledOrMistyped(service) && canHaveLeader(service)
}

// LostItsPods reports whether a Service asks for a leader Service and can no longer have a leader, because it has lost its selector or its
// ports or has become an external name.
func LostItsPods(service *corev1.Service) bool {
	return service != nil && service.DeletionTimestamp == nil && enabledOrMistyped(service) && !canHaveLeader(service)
}

func canHaveLeader(service *corev1.Service) bool {
	return service.DeletionTimestamp == nil &&
		service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Selector) > 0 && len(service.Spec.Ports) > 0
}

// enabledOrMistyped reports whether a Service's annotation asks for a leader Service, or may have done so before it was mistyped.
func enabledOrMistyped(service *corev1.Service) bool {
	return config.Enabled(service.Annotations) || config.Mistyped(service.Annotations)
}
