package reconciler

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// families are the address families of a leader Service: it has one slice for each.
func families(leaderService *corev1.Service) []discoveryv1.AddressType {
	var all []discoveryv1.AddressType
	for _, family := range leaderService.Spec.IPFamilies {
		all = append(all, discoveryv1.AddressType(family)) // the two types spell them alike
	}
	return all
}

// neededFamilies are the ones that a pod must have an address of to lead. A Service that only prefers two families is served by
// a pod that has the first one.
func neededFamilies(leaderService *corev1.Service) []discoveryv1.AddressType {
	all := families(leaderService)
	policy := leaderService.Spec.IPFamilyPolicy
	if len(all) > 1 && policy != nil && *policy == corev1.IPFamilyPolicyPreferDualStack {
		return all[:1]
	}
	return all
}

// address is the pod's address of a family; empty when it has none (yet).
func address(pod *corev1.Pod, family discoveryv1.AddressType) string {
	for _, ip := range pod.Status.PodIPs {
		if addr, err := netip.ParseAddr(ip.IP); err == nil && familyOf(addr) == family {
			return ip.IP
		}
	}
	return ""
}

func familyOf(addr netip.Addr) discoveryv1.AddressType {
	if addr.Unmap().Is4() {
		return discoveryv1.AddressTypeIPv4
	}
	return discoveryv1.AddressTypeIPv6
}

// missingFamily is the first needed family that the pod has no address of; empty when it has all.
func missingFamily(pod *corev1.Pod, needed []discoveryv1.AddressType) discoveryv1.AddressType {
	i := slices.IndexFunc(needed, func(family discoveryv1.AddressType) bool { return address(pod, family) == "" })
	if i < 0 {
		return ""
	}
	return needed[i]
}
