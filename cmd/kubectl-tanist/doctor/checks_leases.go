package doctor

import (
	"slices"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

func isMainLease(lease *coordinationv1.Lease) bool { return lease.Name == config.LeaseName }

// checkLeases looks for Leases of replicas that do not exist. Each goes with its pod, unless its owner reference was lost.
func checkLeases(f *facts) (found findings) {
	if reason := unread(f.leases.unread, f.replicas.unread); reason != "" {
		return skip(reason)
	}
	for _, lease := range f.leases.value {
		pod, isReplicas := strings.CutPrefix(lease.Name, config.LeaseName+"-")
		if !isReplicas || lease.Annotations[config.AliveKey] == "" {
			continue
		}
		if !slices.ContainsFunc(f.replicas.value, func(replica *corev1.Pod) bool { return replica.Name == pod }) {
			found.warn("Lease "+lease.Namespace+"/"+lease.Name, "its replica is gone", "kubectl delete lease "+lease.Name+" -n "+lease.Namespace)
		}
	}
	return found
}
