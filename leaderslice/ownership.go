package leaderslice

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// OwnsLeaderService reports whether a Service is the source's leader Service. The controller reference decides: it has a UID, which nobody
// writes by accident, whereas people and tools edit labels. Missing labels are repaired. A label or an annotation that Tanist writes is needed
// all the same, because other programs also make Services that a Service controls. They may copy what a user has written on that Service.
func OwnsLeaderService(service, source *corev1.Service) bool {
	return service.Namespace == source.Namespace && ControlledByUID(service, source.UID) && marked(service)
}

// marked reports whether an object has any of Tanist's labels, or any of its annotations that users do not write on Services.
func marked(object metav1.Object) bool {
	ours := func(values map[string]string) bool {
		for key := range values {
			if IsTanistKey(key) && !config.IsServiceKey(key) {
				return true
			}
		}
		return false
	}
	return object.GetLabels()[config.ManagedByKey] == config.ManagedBy || ours(object.GetLabels()) || ours(object.GetAnnotations())
}

// OwnsSlice reports whether an EndpointSlice is one of the leader Service's. The controller reference alone decides.
func OwnsSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	return slice.Namespace == leaderService.Namespace && ControlledByUID(slice, leaderService.UID)
}

// AdoptableLeaderService reports whether a Service with the name that the source asks for may become its leader Service. It must have one of
// Tanist's labels, no selector, the type that the source asks for, and no controller. ownerGone means that a live read has shown that its
// controller no longer exists: the Service was restored from a backup, or its source was re-created.
func AdoptableLeaderService(service, source *corev1.Service, wanted config.LeaderServiceType, ownerGone bool) bool {
	if service.Namespace != source.Namespace || service.DeletionTimestamp != nil ||
		service.Labels[config.SourceServiceKey] == "" && service.Labels[config.ManagedByKey] != config.ManagedBy ||
		len(service.Spec.Selector) > 0 || service.Spec.Type == corev1.ServiceTypeExternalName || config.LeaderServiceTypeOf(service) != wanted {
		return false
	}
	return ownerGone || metav1.GetControllerOfNoCopy(service) == nil
}

// AdoptableSlice reports whether an EndpointSlice with the name of one of the leader Service's may become one. It must have Tanist's labels,
// and no controller that exists. A controller with the leader Service's name and another UID does not exist, because names are unique.
func AdoptableSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	if slice.Namespace != leaderService.Namespace || slice.DeletionTimestamp != nil || !labelledAsOurs(slice, leaderService) {
		return false
	}
	owner := metav1.GetControllerOfNoCopy(slice)
	return owner == nil || IsService(owner) && owner.Name == leaderService.Name && owner.UID != leaderService.UID
}

// labelledAsOurs reports whether a slice's labels say that Tanist made it for the leader Service.
func labelledAsOurs(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	if slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy {
		return true
	}
	source := slice.Labels[config.SourceServiceKey]
	return source != "" && source == SourceOfLeaderService(leaderService).Name &&
		slice.Labels[discoveryv1.LabelManagedBy] != EndpointSliceController
}

// Values of the label endpointslice.kubernetes.io/managed-by on slices of Kubernetes' own controllers. The EndpointSlice controller copies a
// Service's labels to its slices, Tanist's included.
const (
	EndpointSliceController = "endpointslice-controller.k8s.io"
	MirroringController     = "endpointslicemirroring-controller.k8s.io"
)

// SourceOfLeaderService returns the source Service of a leader Service, according to its controller reference, or else to its label. The
// name is empty if it is not a leader Service.
func SourceOfLeaderService(service *corev1.Service) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(service); owner != nil && IsService(owner) {
		return types.NamespacedName{Namespace: service.Namespace, Name: owner.Name}
	}
	return types.NamespacedName{Namespace: service.Namespace, Name: service.Labels[config.SourceServiceKey]}
}

// ServedBy reports whether a leader Service belongs to an installation of Tanist, or to none yet.
func ServedBy(leaderService *corev1.Service, installation string) bool {
	named := leaderService.Annotations[config.InstallationKey]
	return named == "" || named == installation
}

// FieldOwner is Tanist's name in managedFields.
const FieldOwner = client.FieldOwner(config.ManagedBy)
