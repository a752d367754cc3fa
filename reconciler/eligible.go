package reconciler

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// wantsLeader reports whether a Service, in a namespace that opted in, is to have a leader Service: it has the annotation, pods to
// choose from, a port to offer, and stays.
func wantsLeader(service *corev1.Service) bool {
	return service != nil && service.DeletionTimestamp == nil && config.Enabled(service.Annotations) &&
		service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Selector) > 0 && len(service.Spec.Ports) > 0
}
