package config

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// LeaderServiceType is the value of the annotation tanist.dev/leader-service-type.
type LeaderServiceType string

// The types that a user may choose. Headless is a Service of type ClusterIP without a cluster IP.
const (
	TypeClusterIP    LeaderServiceType = "ClusterIP"
	TypeNodePort     LeaderServiceType = "NodePort"
	TypeLoadBalancer LeaderServiceType = "LoadBalancer"
	TypeHeadless     LeaderServiceType = "Headless"
)

// LeaderServiceTypeOf returns the type that a Service has, as a user writes it.
func LeaderServiceTypeOf(service *corev1.Service) LeaderServiceType {
	kind := cmp.Or(service.Spec.Type, corev1.ServiceTypeClusterIP)
	if kind == corev1.ServiceTypeClusterIP && service.Spec.ClusterIP == corev1.ClusterIPNone {
		return TypeHeadless
	}
	return LeaderServiceType(kind)
}

// ServiceType returns the spec.type of a leader Service.
func (t LeaderServiceType) ServiceType() corev1.ServiceType {
	if t == TypeHeadless {
		return corev1.ServiceTypeClusterIP
	}
	return corev1.ServiceType(t)
}

// External reports whether a leader Service of this type gets traffic from outside of the cluster.
func (t LeaderServiceType) External() bool { return t == TypeNodePort || t == TypeLoadBalancer }

// serviceType parses the type of the leader Service, and what makes sense for some types only. If the type itself is wrong, nothing is
// known of the others, and they are not reported.
func (p *parser) serviceType(options *Options) {
	known := len(p.errs)
	options.LeaderServiceType = LeaderServiceType(
		p.oneOf(LeaderServiceTypeKey, string(TypeClusterIP), string(TypeNodePort), string(TypeLoadBalancer), string(TypeHeadless)))
	typeKnown := len(p.errs) == known
	policy := corev1.ServiceExternalTrafficPolicy(p.oneOf(ExternalTrafficPolicyKey,
		string(corev1.ServiceExternalTrafficPolicyCluster), string(corev1.ServiceExternalTrafficPolicyLocal)))
	switch value, found := p.annotations[ExternalTrafficPolicyKey]; {
	case !found || !typeKnown || value != string(policy):
	case !options.LeaderServiceType.External():
		p.needsType(ExternalTrafficPolicyKey, TypeNodePort, TypeLoadBalancer)
	default:
		options.ExternalTrafficPolicy = policy
	}
	class, found := p.annotations[LoadBalancerClassKey]
	switch problems := validation.IsQualifiedName(class); {
	case !found:
	case len(problems) > 0:
		p.reject(LoadBalancerClassKey, class, "must be the name of a class of load balancers, such as example.com/internal: "+strings.Join(problems, "; "))
	case !typeKnown:
	case options.LeaderServiceType != TypeLoadBalancer:
		p.needsType(LoadBalancerClassKey, TypeLoadBalancer)
	default:
		options.LoadBalancerClass = class
	}
}

// needsType reports an annotation that has no meaning for the leader Service's type.
func (p *parser) needsType(key string, types ...LeaderServiceType) {
	var names []string
	for _, t := range types {
		names = append(names, string(t))
	}
	p.errs = append(p.errs, field.Invalid(annotationsPath.Key(key), cut(p.annotations[key]),
		"needs "+LeaderServiceTypeKey+": "+strings.Join(names, " or ")))
}
