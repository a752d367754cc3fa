package leaderservice

import (
	"cmp"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Mirror returns a leader Service as it should be. It has the source's ports and address families, and the type that the source's options
// ask for: by default a cluster IP, even when the source itself is headless. It does not have what could hide a leader on another node or pin
// clients to an earlier leader, unless the options ask for it: traffic policies, traffic distribution and session affinity. Metadata that
// someone else has set stays.
func Mirror(service, source *corev1.Service, options config.Options, state leaderslice.State) *corev1.Service {
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
	mirrorType(&mirrored.Spec, &service.Spec, &source.Spec, options)
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

// mirrorType gives the spec of a leader Service the type that the source asks for, and what belongs to that type. What the API server or the
// cluster has allocated for the current spec stays.
//
// The class of a load balancer cannot change while the type stays. So it changes in two steps: the leader Service becomes one of type
// ClusterIP, which keeps its cluster IP, and then one of type LoadBalancer again. A replaced Service would get another cluster IP.
func mirrorType(spec *corev1.ServiceSpec, current, source *corev1.ServiceSpec, options config.Options) {
	wanted := cmp.Or(options.LeaderServiceType, config.TypeClusterIP)
	if wanted == config.TypeLoadBalancer && otherClass(current, options.LoadBalancerClass) {
		wanted = config.TypeClusterIP
	}
	spec.Type = wanted.ServiceType()
	if wanted == config.TypeHeadless {
		spec.ClusterIP, spec.ClusterIPs = corev1.ClusterIPNone, []string{corev1.ClusterIPNone}
	}
	if !wanted.External() {
		return
	}
	spec.ExternalTrafficPolicy = cmp.Or(options.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyCluster)
	keepNodePorts(spec.Ports, current.Ports)
	if wanted != config.TypeLoadBalancer {
		return
	}
	// The balancer of the leader Service must not be open to more clients than that of the source.
	if source.Type == corev1.ServiceTypeLoadBalancer {
		spec.LoadBalancerSourceRanges = source.LoadBalancerSourceRanges
	}
	if options.LoadBalancerClass != "" {
		spec.LoadBalancerClass = new(options.LoadBalancerClass)
	}
	if current.Type != corev1.ServiceTypeLoadBalancer {
		return
	}
	spec.AllocateLoadBalancerNodePorts = current.AllocateLoadBalancerNodePorts
	spec.LoadBalancerIP = current.LoadBalancerIP // deprecated, but some controllers write there what they have allocated (kube-vip)
	if spec.LoadBalancerClass == nil {           // the cluster may set a default
		spec.LoadBalancerClass = current.LoadBalancerClass
	}
	if spec.ExternalTrafficPolicy == current.ExternalTrafficPolicy {
		spec.HealthCheckNodePort = current.HealthCheckNodePort
	}
}

// otherClass reports whether a Service of type LoadBalancer has another class than the one that is asked for; empty for any.
func otherClass(current *corev1.ServiceSpec, class string) bool {
	return class != "" && current.Type == corev1.ServiceTypeLoadBalancer && !apiequality.Semantic.DeepEqual(current.LoadBalancerClass, &class)
}

// keepNodePorts copies the node ports that the API server has allocated: it keeps them, too, as long as the port and its protocol stay.
func keepNodePorts(ports, current []corev1.ServicePort) {
	type key struct {
		protocol corev1.Protocol
		port     int32
	}
	keyOf := func(p *corev1.ServicePort) key { return key{cmp.Or(p.Protocol, corev1.ProtocolTCP), p.Port} }
	allocated := make(map[key]int32, len(current))
	for i := range current {
		allocated[keyOf(&current[i])] = current[i].NodePort
	}
	for i := range ports {
		ports[i].NodePort = allocated[keyOf(&ports[i])]
	}
}

// mustReplace reports whether a leader Service must be deleted and created again, because the API server does not let it change: the primary
// address family of a Service, and whether it is headless. (A Service that becomes an external name for a moment may change both. But then
// it has neither an address family nor a leader, and stays like that if Tanist ends at that moment.)
func mustReplace(current, source *corev1.Service, options config.Options) bool {
	if len(current.Spec.IPFamilies) > 0 && len(source.Spec.IPFamilies) > 0 && current.Spec.IPFamilies[0] != source.Spec.IPFamilies[0] {
		return true
	}
	headless := options.LeaderServiceType == config.TypeHeadless
	return current.Spec.ClusterIP != "" && (current.Spec.ClusterIP == corev1.ClusterIPNone) != headless
}
