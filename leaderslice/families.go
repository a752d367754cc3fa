package leaderslice

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Families are the address families of a leader Service: it has one slice for each.
func Families(leaderService *corev1.Service) []discoveryv1.AddressType {
	var all []discoveryv1.AddressType
	for _, family := range leaderService.Spec.IPFamilies {
		all = append(all, discoveryv1.AddressType(family)) // the two types spell them alike
	}
	return all
}

// PrimaryFamily is the one whose slice is the record of who leads.
func PrimaryFamily(leaderService *corev1.Service) discoveryv1.AddressType {
	return Families(leaderService)[0]
}

// Address is the pod's address of a family; empty when it has none (yet).
func Address(pod *corev1.Pod, family discoveryv1.AddressType) string {
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

// MissingFamilies are the families that the pod has no address of.
func MissingFamilies(pod *corev1.Pod, families []discoveryv1.AddressType) []discoveryv1.AddressType {
	var missing []discoveryv1.AddressType
	for _, family := range families {
		if Address(pod, family) == "" {
			missing = append(missing, family)
		}
	}
	return missing
}
