package disruption

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Shortcomings count the ports and address families of a Service that a pod does not have. The problem says why the pod can carry
// none of the traffic, whatever its readiness; empty when it can carry any.
func Shortcomings(pod *corev1.Pod, ports []corev1.ServicePort, families []discoveryv1.AddressType) (missing int, problem string) {
	withoutAddress := leaderslice.MissingFamilies(pod, families)
	resolved, withoutPort := leaderslice.SlicePorts(ports, pod)
	switch {
	case len(withoutAddress) == len(families):
		return 0, NoAddress(withoutAddress)
	case len(resolved) == 0:
		return 0, InWords(withoutPort)
	default:
		return len(withoutAddress) + len(withoutPort), ""
	}
}

func NoAddress(families []discoveryv1.AddressType) string {
	var names []string
	for _, family := range families {
		names = append(names, string(family))
	}
	return "it has no " + strings.Join(names, " or ") + " address"
}

// mostNamed is how many shortcomings an Event names: its note has room for 1,024 bytes, and a Service for many ports.
const mostNamed = 5

func InWords(lacks []string) string {
	if len(lacks) > mostNamed {
		lacks = append(slices.Clone(lacks[:mostNamed]), fmt.Sprintf("and %d more", len(lacks)-mostNamed))
	}
	return strings.Join(lacks, "; ")
}
