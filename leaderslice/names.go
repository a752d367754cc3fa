package leaderslice

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Name returns the name of a leader Service's slice of a family. It is fixed, so that of two replicas that create the slice at the same time
// only one succeeds.
func Name(leaderService string, family discoveryv1.AddressType) string {
	return leaderService + "-" + strings.ToLower(string(family))
}

// Names returns the names of a leader Service's slices, the primary family's first.
func Names(leaderService *corev1.Service) []string {
	var names []string
	for _, family := range Families(leaderService) {
		names = append(names, Name(leaderService.Name, family))
	}
	return names
}
