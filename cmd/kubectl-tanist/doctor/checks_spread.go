package doctor

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var spreadChecks = []check{
	{"candidates", pods, "each Service has a pod that can follow its leader", checkCandidates},
	{"nodes", pods, "the candidates of each Service are on several nodes", checkNodes},
	{"disruption-budget", pods, "candidates that share a node have a PodDisruptionBudget", checkBudget},
}

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

// checkBudget looks for Services whose candidates a drain of one node would evict all at once.
func checkBudget(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.pods.unread, f.budgets.unread); reason != "" {
		return skip(reason)
	}
	for _, l := range f.served() {
		node := f.sharedNode(&l)
		if node == "" {
			continue
		}
		if slices.ContainsFunc(l.staying(), func(pod *corev1.Pod) bool { return !budgeted(pod, f.budgets.value) }) {
			found.warn(l.about(), "a drain of node "+node+" evicts all its candidates at once",
				l.command("create poddisruptionbudget "+l.source.Name+" --max-unavailable=1 --selector="+labels.SelectorFromSet(l.source.Spec.Selector).String()))
		}
	}
	return found
}

// budgeted reports whether a PodDisruptionBudget selects a pod.
func budgeted(pod *corev1.Pod, budgets []*policyv1.PodDisruptionBudget) bool {
	return slices.ContainsFunc(budgets, func(budget *policyv1.PodDisruptionBudget) bool {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		return err == nil && budget.Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels))
	})
}
