package leaderslice

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ControlledByUID reports whether the Service with this UID controls an object.
func ControlledByUID(object metav1.Object, uid types.UID) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	return owner != nil && IsService(owner) && uid != "" && owner.UID == uid
}

// IsService reports whether an owner reference names a Service.
func IsService(owner *metav1.OwnerReference) bool {
	return owner.APIVersion == "v1" && owner.Kind == "Service"
}

// ControllerReference returns the owner reference that makes an object Tanist's and has it deleted with the Service. It does not block the
// Service's deletion: that would need the right to change finalizers of Services.
func ControllerReference(service *corev1.Service) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: "v1", Kind: "Service", Name: service.Name, UID: service.UID, Controller: new(true),
	}
}

// WithController returns owner references with this one as the controller's. It replaces another controller's, because an object can have
// only one. All others stay, in their order.
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
