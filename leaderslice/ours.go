package leaderslice

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
)

// ManagedByLabel says which program manages an object; ours say config.ManagedBy. It only informs.
const ManagedByLabel = config.ManagedByKey

// OwnsLeaderService reports whether a Service is the source's leader Service. The controller reference decides: it names a UID, which
// nobody writes by accident, while labels are edited by people and tools. Missing labels are repaired. But other programs make Services
// that a Service controls, too; those bear no mark of ours at all.
func OwnsLeaderService(service, source *corev1.Service) bool {
	return service.Namespace == source.Namespace && ControlledByUID(service, source.UID) && marked(service)
}

// marked reports whether an object has any label or annotation that Tanist writes.
func marked(object metav1.Object) bool {
	ours := func(values map[string]string) bool {
		for key := range values {
			if IsOurs(key) {
				return true
			}
		}
		return false
	}
	return object.GetLabels()[ManagedByLabel] == config.ManagedBy || ours(object.GetLabels()) || ours(object.GetAnnotations())
}

// OwnsSlice reports whether an EndpointSlice is one of a leader Service. The controller reference alone decides.
func OwnsSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	return slice.Namespace == leaderService.Namespace && ControlledByUID(slice, leaderService.UID)
}

// AdoptableLeaderService reports whether a Service that has the name that the source asks for may become its leader Service: it has
// our labels, nothing that makes it more than a leader Service, and nobody controls it. ownerGone says that a live read has shown that
// the controller it names is gone: it was restored from a backup, or its Service was created anew.
func AdoptableLeaderService(service, source *corev1.Service, ownerGone bool) bool {
	if service.Namespace != source.Namespace || service.DeletionTimestamp != nil ||
		service.Labels[config.SourceServiceKey] == "" && service.Labels[ManagedByLabel] != config.ManagedBy ||
		len(service.Spec.Selector) > 0 || service.Spec.Type != corev1.ServiceTypeClusterIP {
		return false
	}
	return ownerGone || metav1.GetControllerOfNoCopy(service) == nil
}

// AdoptableSlice reports whether an EndpointSlice that has the name of one of the leader Service's may become one: it has our labels,
// and no controller, or one that is gone. A Service of the leader Service's own name with another UID is gone, because names are
// unique and leaderService is there.
func AdoptableSlice(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	if slice.Namespace != leaderService.Namespace || slice.DeletionTimestamp != nil || !labelledAsOurs(slice, leaderService) {
		return false
	}
	owner := metav1.GetControllerOfNoCopy(slice)
	return owner == nil || IsService(owner) && owner.Name == leaderService.Name && owner.UID != leaderService.UID
}

// labelledAsOurs reports whether a slice's labels say that Tanist made it.
func labelledAsOurs(slice *discoveryv1.EndpointSlice, leaderService *corev1.Service) bool {
	if slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy {
		return true
	}
	source := slice.Labels[config.SourceServiceKey]
	return source != "" && source == SourceOfLeaderService(leaderService).Name &&
		slice.Labels[discoveryv1.LabelManagedBy] != EndpointSliceController
}

// Values of endpointslice.kubernetes.io/managed-by on what Kubernetes' own controllers make. The first of them copies a Service's
// labels to its slices, ours included.
const (
	EndpointSliceController = "endpointslice-controller.k8s.io"
	MirroringController     = "endpointslicemirroring-controller.k8s.io"
)

// ControlledByUID reports whether the Service with this UID controls an object.
func ControlledByUID(object metav1.Object, uid types.UID) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	return owner != nil && IsService(owner) && uid != "" && owner.UID == uid
}

func IsService(owner *metav1.OwnerReference) bool {
	return owner.APIVersion == "v1" && owner.Kind == "Service"
}

// ControllerReference is the owner reference that makes an object ours, and lets it go with the Service. It does not block the owner's
// deletion: that would need the right to change finalizers of Services.
func ControllerReference(service *corev1.Service) metav1.OwnerReference {
	controller := true
	return metav1.OwnerReference{
		APIVersion: "v1", Kind: "Service", Name: service.Name, UID: service.UID, Controller: &controller,
	}
}

// WithController are owner references with ours as the one that controls. Others' references and their order stay, but only one can control.
func WithController(current []metav1.OwnerReference, controller metav1.OwnerReference) []metav1.OwnerReference {
	var all []metav1.OwnerReference
	placed := false
	for _, owner := range current {
		switch controls := owner.Controller != nil && *owner.Controller; {
		case !controls && owner.UID != controller.UID:
			all = append(all, owner)
		case !placed:
			all, placed = append(all, controller), true
		}
	}
	if !placed {
		all = append(all, controller)
	}
	return all
}

// SourceOfLeaderService is the Service that a leader Service was made for, by its controller reference and else by its label; without
// a name when it is no leader Service.
func SourceOfLeaderService(service *corev1.Service) types.NamespacedName {
	if owner := metav1.GetControllerOfNoCopy(service); owner != nil && IsService(owner) {
		return types.NamespacedName{Namespace: service.Namespace, Name: owner.Name}
	}
	return types.NamespacedName{Namespace: service.Namespace, Name: service.Labels[config.SourceServiceKey]}
}

// ServedBy reports whether a leader Service is served by the Tanist of an installation: it names it, or none yet.
func ServedBy(leaderService *corev1.Service, installation string) bool {
	named := leaderService.Annotations[config.InstallationKey]
	return named == "" || named == installation
}

// FieldOwner is our name in managedFields.
const FieldOwner = client.FieldOwner(config.ManagedBy)
