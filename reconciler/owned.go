package reconciler

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// managedByLabel says which program manages an object; ours say config.ManagedBy.
const managedByLabel = config.ManagedByKey

// ownsLeaderService reports whether a Service is the leader Service that Tanist made for the Service of this name and one of these
// UIDs (an earlier one of the same name may still have a leader Service).
func ownsLeaderService(service *corev1.Service, source string, sourceUIDs ...types.UID) bool {
	return ours(service, source) && ownedBy(service, source, sourceUIDs)
}

// ownsSlice reports whether an EndpointSlice is one that Tanist made for the leader Service of this name and one of these UIDs.
func ownsSlice(slice *discoveryv1.EndpointSlice, source, leaderService string, leaderServiceUIDs ...types.UID) bool {
	return ours(slice, source) &&
		slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy &&
		slice.Labels[discoveryv1.LabelServiceName] == leaderService &&
		ownedBy(slice, leaderService, leaderServiceUIDs)
}

// ours reports whether an object's labels say that Tanist made it for the Service of this name.
func ours(object metav1.Object, source string) bool {
	labels := object.GetLabels()
	return source != "" && labels[managedByLabel] == config.ManagedBy && labels[config.SourceServiceKey] == source
}

// ownedBy reports whether the Service of this name and one of these UIDs controls an object.
func ownedBy(object metav1.Object, service string, uids []types.UID) bool {
	owner := metav1.GetControllerOfNoCopy(object)
	return owner != nil && owner.APIVersion == "v1" && owner.Kind == "Service" && owner.Name == service &&
		owner.UID != "" && slices.Contains(uids, owner.UID)
}

// controlledBy is the owner reference that makes an object ours, and lets it go with the Service. It does not block the owner's
// deletion: that would need the right to change finalizers of Services.
func controlledBy(service *corev1.Service) metav1.OwnerReference {
	controller := true
	return metav1.OwnerReference{
		APIVersion: "v1", Kind: "Service", Name: service.Name, UID: service.UID, Controller: &controller,
	}
}
