package disruption

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Shortcomings returns how many ports and address families of a Service a pod lacks. If the pod can carry none of the traffic, whether or
// not it is ready, problem says why, and missing is 0.
func Shortcomings(pod *corev1.Pod, ports []corev1.ServicePort, families []discoveryv1.AddressType) (missing int, problem string) {
	withoutAddress := leaderslice.MissingFamilies(pod, families)
	present, lacking := leaderslice.CountPorts(ports, pod)
	switch {
	case len(withoutAddress) == len(families):
		return 0, MissingAddress(withoutAddress)
	case present == 0:
		_, withoutPort := leaderslice.SlicePorts(ports[:min(maxListed, len(ports))], pod)
		return 0, summarize(withoutPort, lacking)
	default:
		return len(withoutAddress) + lacking, ""
	}
}

// MissingAddress says that a pod has no address of these families.
func MissingAddress(families []discoveryv1.AddressType) string {
	var names []string
	for _, family := range families {
		names = append(names, string(family))
	}
	return "it has no " + strings.Join(names, " or ") + " address"
}

// maxListed is the largest number of shortcomings that an Event lists. Its note has room for 1,024 bytes, and a Service may have many
// ports.
const maxListed = 5

// Summarize joins shortcomings for the note of an Event. It lists the first ones and counts the others.
func Summarize(lacks []string) string {
	return summarize(lacks, len(lacks))
}

// summarize joins the first shortcomings of so many.
func summarize(lacks []string, count int) string {
	if count > maxListed {
		lacks = append(slices.Clone(lacks[:maxListed]), fmt.Sprintf("and %d more", count-maxListed))
	}
	return strings.Join(lacks, "; ")
}
