package leaderslice

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	utilnet "k8s.io/utils/net"
)

// Families returns the address families of a leader Service, which has a slice for each. The primary family is first.
func Families(leaderService *corev1.Service) []discoveryv1.AddressType {
	var all []discoveryv1.AddressType
	for _, family := range leaderService.Spec.IPFamilies {
		all = append(all, discoveryv1.AddressType(family)) // both types have the same values
	}
	return all
}

// PrimaryFamily returns the family whose slice is the record of who leads.
func PrimaryFamily(leaderService *corev1.Service) discoveryv1.AddressType {
	return Families(leaderService)[0]
}

// Address returns the pod's address of a family; empty if it has none.
func Address(pod *corev1.Pod, family discoveryv1.AddressType) string {
	for _, ip := range pod.Status.PodIPs {
		if familyOf(ip.IP) == family {
			return ip.IP
		}
	}
	return ""
}

// familyOf returns the family of an address; empty if it is not an address.
func familyOf(address string) discoveryv1.AddressType {
	switch utilnet.IPFamilyOfString(address) {
	case utilnet.IPv4:
		return discoveryv1.AddressTypeIPv4
	case utilnet.IPv6:
		return discoveryv1.AddressTypeIPv6
	default:
		return ""
	}
}

// MissingFamilies returns the families in which the pod has no address.
func MissingFamilies(pod *corev1.Pod, families []discoveryv1.AddressType) []discoveryv1.AddressType {
	var missing []discoveryv1.AddressType
	for _, family := range families {
		if Address(pod, family) == "" {
			missing = append(missing, family)
		}
	}
	return missing
}
