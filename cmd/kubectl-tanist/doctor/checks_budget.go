package doctor

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

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
		what := "a drain of node " + node + " evicts all its candidates at once"
		budgets := budgetsOf(l.staying(), f.budgets.value)
		selectsAll := func(b *policyv1.PodDisruptionBudget) bool { return len(selected(l.staying(), b)) == len(l.staying()) }
		switch at := slices.IndexFunc(budgets, selectsAll); {
		case len(budgets) == 0:
			found.warn(l.about(), what, l.command("create poddisruptionbudget "+l.source.Name+" --max-unavailable=1 --selector="+
				labels.SelectorFromSet(l.source.Spec.Selector).String()))
		// A second budget for the same pods would be worse than none: Kubernetes then refuses to evict them at all.
		case at < 0:
			found.warn(l.about(), fmt.Sprintf("%s that PodDisruptionBudget %s does not select", what, budgets[0].Name), l.editBudget(budgets[0]))
		case allows(budgets[at], len(l.staying())):
			found.warn(l.about(), fmt.Sprintf("%s: PodDisruptionBudget %s allows that", what, budgets[at].Name), l.editBudget(budgets[at]))
		}
	}
	return found
}

func (l *leader) editBudget(budget *policyv1.PodDisruptionBudget) string {
	return l.command("edit poddisruptionbudget "+budget.Name) + " (it should select all candidates, with maxUnavailable: 1)"
}

// budgetsOf returns the PodDisruptionBudgets that select any of the pods.
func budgetsOf(pods []*corev1.Pod, budgets []*policyv1.PodDisruptionBudget) []*policyv1.PodDisruptionBudget {
	return slices.DeleteFunc(slices.Clone(budgets), func(b *policyv1.PodDisruptionBudget) bool { return len(selected(pods, b)) == 0 })
}

// selected returns the pods that a PodDisruptionBudget selects.
func selected(pods []*corev1.Pod, budget *policyv1.PodDisruptionBudget) []*corev1.Pod {
	selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
	return slices.DeleteFunc(slices.Clone(pods), func(pod *corev1.Pod) bool {
		return err != nil || budget.Namespace != pod.Namespace || !selector.Matches(labels.Set(pod.Labels))
	})
}

// allows reports whether a budget lets all candidates go at once, of which there are n. Like Kubernetes it rounds percentages up, and takes them
// of all pods that the budget is about, which may be more.
func allows(budget *policyv1.PodDisruptionBudget, n int) bool {
	total := max(n, int(budget.Status.ExpectedPods))
	switch {
	case budget.Spec.MaxUnavailable != nil:
		allowed, err := intstr.GetScaledValueFromIntOrPercent(budget.Spec.MaxUnavailable, total, true)
		return err == nil && allowed >= n
	case budget.Spec.MinAvailable != nil:
		needed, err := intstr.GetScaledValueFromIntOrPercent(budget.Spec.MinAvailable, total, true)
		return err == nil && total-needed >= n
	}
	return false
}
