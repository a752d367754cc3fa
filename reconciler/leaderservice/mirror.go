package leaderservice

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Mirror returns a leader Service as it should be. It has the source's ports and address families, and a cluster IP even when the source is
// headless. It does not have what could hide a leader on another node or pin clients to an earlier leader: traffic policies, traffic
// distribution and session affinity. Metadata that someone else has set stays.
func Mirror(service, source *corev1.Service, state leaderslice.State) *corev1.Service {
	mirrored := service.DeepCopy()
	mirrored.Labels = labels.Merge(service.Labels, map[string]string{
		config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: source.Name,
	})
	mirrored.OwnerReferences = leaderslice.WithController(service.OwnerReferences, leaderslice.ControllerReference(source))
	if state != (leaderslice.State{}) {
		for _, key := range leaderslice.StateKeys {
			delete(mirrored.Annotations, key)
		}
		mirrored.Annotations = labels.Merge(mirrored.Annotations, leaderslice.StateAnnotations(state))
	}
	anywhere := corev1.ServiceInternalTrafficPolicyCluster
	mirrored.Spec = corev1.ServiceSpec{
		Type:                  corev1.ServiceTypeClusterIP,
		Ports:                 mirrorPorts(source.Spec.Ports),
		IPFamilies:            source.Spec.IPFamilies,
		IPFamilyPolicy:        mirrorFamilyPolicy(source.Spec),
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

// mirrorFamilyPolicy returns the source's policy, with one exception: a source that prefers two families may have one, because it is older
// than the cluster's second family. With the same policy, the API server would give two families to the leader Service, and would refuse
// every write that removes the second one.
func mirrorFamilyPolicy(source corev1.ServiceSpec) *corev1.IPFamilyPolicy {
	if policy := source.IPFamilyPolicy; policy == nil || *policy != corev1.IPFamilyPolicyPreferDualStack || len(source.IPFamilies) > 1 {
		return policy
	}
	single := corev1.IPFamilyPolicySingleStack
	return &single
}

// mirrorPorts keeps the target ports. A Service without a selector does not use them, but they show a reader where the traffic goes.
func mirrorPorts(ports []corev1.ServicePort) []corev1.ServicePort {
	mirrored := make([]corev1.ServicePort, 0, len(ports))
	for _, port := range ports {
		port.NodePort = 0
		mirrored = append(mirrored, port)
	}
	return mirrored
}

// sameLeaderService reports whether a leader Service is as desired, so that nothing has to be written.
func sameLeaderService(current, desired *corev1.Service) bool {
	return apiequality.Semantic.DeepEqual(current.Spec, desired.Spec) &&
		apiequality.Semantic.DeepEqual(current.OwnerReferences, desired.OwnerReferences) &&
		maps.Equal(current.Labels, desired.Labels) && maps.Equal(current.Annotations, desired.Annotations)
}

// mustReplace reports whether a leader Service must be deleted and created again, because the primary address family of a Service cannot
// change.
func mustReplace(current, source *corev1.Service) bool {
	return len(current.Spec.IPFamilies) > 0 && len(source.Spec.IPFamilies) > 0 &&
		current.Spec.IPFamilies[0] != source.Spec.IPFamilies[0]
}
