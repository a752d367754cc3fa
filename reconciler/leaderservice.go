package reconciler

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// newLeaderService is the leader Service of a Service. It has no selector from its first moment on: with one, the EndpointSlice
// controller would send its traffic to every pod.
func newLeaderService(source *corev1.Service, name string, state cache.State) *corev1.Service {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: source.Namespace, Name: name}}
	return mirror(service, source, state)
}

// mirror is a leader Service as it should be: the source's ports and address families, a ClusterIP also where the source has none,
// and nothing of it that could hide a leader on another node or pin clients to an earlier one (traffic policies, distribution,
// session affinity). What is someone else's in its metadata stays.
func mirror(service, source *corev1.Service, state cache.State) *corev1.Service {
	mirrored := service.DeepCopy()
	mirrored.Labels = with(service.Labels, map[string]string{
		managedByLabel: config.ManagedBy, config.SourceServiceKey: source.Name,
	})
	mirrored.OwnerReferences = []metav1.OwnerReference{controlledBy(source)}
	if state != (cache.State{}) {
		for _, key := range stateKeys {
			delete(mirrored.Annotations, key)
		}
		mirrored.Annotations = with(mirrored.Annotations, stateAnnotations(state))
	}
	anywhere := corev1.ServiceInternalTrafficPolicyCluster
	mirrored.Spec = corev1.ServiceSpec{
		Type:                  corev1.ServiceTypeClusterIP,
		Ports:                 mirrorPorts(source.Spec.Ports),
		IPFamilies:            source.Spec.IPFamilies,
		IPFamilyPolicy:        source.Spec.IPFamilyPolicy,
		SessionAffinity:       corev1.ServiceAffinityNone,
		InternalTrafficPolicy: &anywhere,
		ClusterIP:             service.Spec.ClusterIP,
		ClusterIPs:            service.Spec.ClusterIPs,
	}
	if len(mirrored.Spec.ClusterIPs) > len(source.Spec.IPFamilies) {
		mirrored.Spec.ClusterIPs = mirrored.Spec.ClusterIPs[:len(source.Spec.IPFamilies)]
	}
	return mirrored
}

// nameSuccessor has a leader Service, which is the caller's own copy, say who would follow; nil leaves what it says.
func nameSuccessor(service *corev1.Service, successor *string) *corev1.Service {
	switch {
	case successor == nil:
	case *successor == "":
		delete(service.Annotations, config.SuccessorKey)
	default:
		service.Annotations = with(service.Annotations, map[string]string{config.SuccessorKey: *successor})
	}
	return service
}

// mirrorPorts keeps target ports although a Service without selector does not use them: they tell a reader where the traffic goes.
func mirrorPorts(ports []corev1.ServicePort) []corev1.ServicePort {
	mirrored := make([]corev1.ServicePort, 0, len(ports))
	for _, port := range ports {
		port.NodePort = 0
		mirrored = append(mirrored, port)
	}
	return mirrored
}

// sameLeaderService reports whether nothing has to be written.
func sameLeaderService(current, desired *corev1.Service) bool {
	return apiequality.Semantic.DeepEqual(current.Spec, desired.Spec) &&
		apiequality.Semantic.DeepEqual(current.OwnerReferences, desired.OwnerReferences) &&
		maps.Equal(current.Labels, desired.Labels) && maps.Equal(current.Annotations, desired.Annotations)
}

// mustReplace reports whether a leader Service cannot become what it should be: the primary address family never changes.
func mustReplace(current, source *corev1.Service) bool {
	return len(current.Spec.IPFamilies) > 0 && len(source.Spec.IPFamilies) > 0 &&
		current.Spec.IPFamilies[0] != source.Spec.IPFamilies[0]
}

// with is a copy of a map with some values set.
func with(values, set map[string]string) map[string]string {
	merged := make(map[string]string, len(values)+len(set))
	maps.Copy(merged, values)
	maps.Copy(merged, set)
	return merged
}
