package doctor

import "fmt"

var spreadChecks = applying([]check{
	{"candidates", pods, "each Service has a pod that can follow its leader", checkCandidates},
	{"nodes", pods, "the candidates of each Service are on several nodes", checkNodes},
	{"disruption-budget", pods, "candidates that share a node have a PodDisruptionBudget", checkBudget},
}, nobodyServed)

func checkCandidates(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.pods.unread); reason != "" {
		return skip(reason)
	}
	for _, l := range f.served() {
		if candidates := l.staying(); len(candidates) == 1 {
			found.warn(l.about(), "its only candidate is "+candidates[0].Name+", so nobody can follow", "run at least two replicas of its workload")
		}
	}
	return found
}

func checkNodes(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.pods.unread); reason != "" {
		return skip(reason)
	}
	for _, l := range f.served() {
		if node := f.sharedNode(&l); node != "" {
			found.warn(l.about(), fmt.Sprintf("all its %d candidates are on node %s, and are lost with it", len(l.staying()), node),
				"add topologySpreadConstraints for kubernetes.io/hostname to the pod template")
		}
	}
	return found
}

// sharedNode returns the node that several candidates share; empty if they are on several nodes, or if the cluster has no other.
func (f *facts) sharedNode(l *leader) string {
	candidates := l.staying()
	if f.oneNode.value || len(candidates) < 2 {
		return ""
	}
	node := candidates[0].Spec.NodeName
	for _, pod := range candidates {
		if pod.Spec.NodeName != node {
			return ""
		}
	}
	return node
}
