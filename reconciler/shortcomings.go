package reconciler

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
)

// shortcomings count the ports and address families of a Service that a pod does not have. The problem says why the pod can carry
// none of the traffic, whatever its readiness; empty when it can carry any.
func shortcomings(pod *corev1.Pod, ports []corev1.ServicePort, families []discoveryv1.AddressType) (missing int, problem string) {
	withoutAddress := missingFamilies(pod, families)
	resolved, withoutPort := slicePorts(ports, pod)
	switch {
	case len(withoutAddress) == len(families):
		return 0, noAddress(withoutAddress)
	case len(resolved) == 0:
		return 0, inWords(withoutPort)
	default:
		return len(withoutAddress) + len(withoutPort), ""
	}
}

func noAddress(families []discoveryv1.AddressType) string {
	var names []string
	for _, family := range families {
		names = append(names, string(family))
	}
	return "it has no " + strings.Join(names, " or ") + " address"
}

// incomplete tells of a leader that lacks a port, or an address of a family that its Service requires: clients of that port or family
// have no endpoint. Of families that a Service only prefers, one is enough.
func incomplete(situation situation, decision election.Decision) []complaint {
	leader := decision.Leader
	if leader == nil || leader.Terminating || leader.Missing == 0 {
		return nil
	}
	pod := situation.pod(types.UID(leader.UID))
	if pod == nil {
		return nil
	}
	_, lacks := slicePorts(situation.source.Spec.Ports, pod)
	policy := situation.leaderService.Spec.IPFamilyPolicy
	if families := missingFamilies(pod, families(situation.leaderService)); len(families) > 0 &&
		(policy == nil || *policy != corev1.IPFamilyPolicyPreferDualStack) {
		lacks = slices.Insert(lacks, 0, noAddress(families))
	}
	if len(lacks) == 0 {
		return nil
	}
	return []complaint{{
		about: situation.source, related: pod, reason: reasonLeaderIncomplete, action: actionElect,
		note: "pod " + pod.Name + " leads and carries only a part of the traffic, until a pod is ready that carries more: " +
			inWords(lacks),
	}}
}

// mostNamed is how many shortcomings an Event names: its note has room for 1,024 bytes, and a Service for many ports.
const mostNamed = 5

func inWords(lacks []string) string {
	if len(lacks) > mostNamed {
		lacks = append(slices.Clone(lacks[:mostNamed]), fmt.Sprintf("and %d more", len(lacks)-mostNamed))
	}
	return strings.Join(lacks, "; ")
}
