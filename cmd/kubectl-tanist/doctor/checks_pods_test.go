package doctor

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// onPods returns a change of all candidates.
func onPods(change func(*corev1.Pod)) func(*facts) {
	return func(f *facts) {
		for _, pod := range f.pods.value {
			change(pod)
		}
	}
}

func TestPods(t *testing.T) {
	hookless := func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle = nil }
	run(t, map[string]test{
		"there is no readiness probe": {
			func(f *facts) { f.pods.value[1].Spec.Containers[0].ReadinessProbe = nil },
			[]string{"warned readiness-probe: Service shop/web: b2: no probe asks whether it answers, so it counts as ready as soon as its containers have started, and Tanist notices neither its crash nor a hang"},
		},
		"the leader has no readiness probe, which is said once": {
			func(f *facts) { f.pods.value[0].Spec.Containers[0].ReadinessProbe = nil },
			[]string{"warned readiness-probe: Service shop/web: a1: no probe asks whether it answers, so it counts as ready as soon as its containers have started, and Tanist notices neither its crash nor a hang"},
		},
		"there is no drain window": {
			onPods(hookless),
			[]string{"warned drain-window: Service shop/web: a1, b2 (each): it was created before the window applied; delete it only after another pod has led for a few seconds (kubectl tanist handover), or leave it to the next rollout"},
		},
		"no window is asked for": {
			func(f *facts) {
				onPods(hookless)(f)
				f.services.value[0].Annotations[config.DrainWindowKey] = "0s"
			}, nil,
		},
		"the tuning asks for no window": {
			func(f *facts) {
				onPods(hookless)(f)
				none := "election: {drainWindow: 0s}"
				f.tuning.value, f.state.value, f.metrics = configMap("x", none), configMap("x", none), nil
			},
			[]string{"skipped tuning-replicas: there is no replica to ask", "skipped deletions-admitted: there is no replica to ask"},
		},
		"the grace period is too short": {
			onPods(func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = new(int64(3)) }),
			[]string{"warned grace-period: Service shop/web: a1, b2 (each): its preStop sleep takes 3s of a grace period of 3s, so it is killed while it still answers requests"},
		},
		"the default grace period is too short": {
			onPods(func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle.PreStop.Sleep.Seconds = 45 }),
			[]string{"warned grace-period: Service shop/web: a1, b2 (each): its preStop sleep takes 45s of a grace period of 30s, so it is killed while it still answers requests"},
		},
		"many pods have a problem": {
			func(f *facts) {
				for _, name := range []string{"c3", "d4", "e5"} {
					f.pods.value = append(f.pods.value, candidate(name))
				}
				onPods(func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = new(int64(4)) })(f)
				onPods(func(pod *corev1.Pod) { pod.Spec.Containers[0].Lifecycle.PreStop.Sleep.Seconds = 5 })(f)
			},
			[]string{"warned grace-period: Service shop/web: a1, b2, c3 and 2 more (each): its preStop sleep takes 5s of a grace period of 4s, so it is killed while it still answers requests"},
		},
		"one candidate": {
			func(f *facts) { f.pods.value = f.pods.value[:1] },
			[]string{"warned candidates: Service shop/web: its only candidate is a1, so nobody can follow"},
		},
		"the user may not read pods": {
			func(f *facts) { f.pods = denied[[]*corev1.Pod]("pods") },
			[]string{
				"skipped watched: may not read pods", "skipped readiness-probe: may not read pods", "skipped drain-window: may not read pods",
				"skipped grace-period: may not read pods", "skipped min-ready-seconds: may not read pods", "skipped candidates: may not read pods", "skipped nodes: may not read pods",
				"skipped disruption-budget: may not read pods",
			},
		},
	})
}

func TestSpread(t *testing.T) {
	together := onPods(gen.OnNode("one"))
	const (
		node   = "warned nodes: Service shop/web: all its 2 candidates are on node one, and are lost with it"
		budget = "warned disruption-budget: Service shop/web: a drain of node one evicts all its candidates at once"
	)
	budgets := func(namespace, app string, changes ...func(*policyv1.PodDisruptionBudget)) []*policyv1.PodDisruptionBudget {
		return []*policyv1.PodDisruptionBudget{gen.Changed(&policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "it"},
			Spec: policyv1.PodDisruptionBudgetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}, MaxUnavailable: new(intstr.FromInt32(1)),
			},
		}, changes)}
	}
	// with has all candidates on one node, and a budget that allows so much.
	with := func(maxUnavailable, minAvailable string) func(*facts) {
		return func(f *facts) {
			together(f)
			f.budgets.value = budgets("shop", "web", func(b *policyv1.PodDisruptionBudget) {
				b.Spec.MaxUnavailable = nil
				if maxUnavailable != "" {
					b.Spec.MaxUnavailable = new(intstr.Parse(maxUnavailable))
				}
				if minAvailable != "" {
					b.Spec.MinAvailable = new(intstr.Parse(minAvailable))
				}
			})
		}
	}
	run(t, map[string]test{
		"all candidates are on one node":             {together, []string{node, budget}},
		"the cluster has one node":                   {func(f *facts) { together(f); f.oneNode.value = true }, []string{"warned watched: Service shop/web: nobody watches its node: the cluster has no other"}},
		"a budget selects them":                      {func(f *facts) { together(f); f.budgets.value = budgets("shop", "web") }, []string{node}},
		"a budget selects others":                    {func(f *facts) { together(f); f.budgets.value = budgets("shop", "api") }, []string{node, budget}},
		"a budget of another namespace selects them": {func(f *facts) { together(f); f.budgets.value = budgets("api", "web") }, []string{node, budget}},
		"a budget allows half":                       {with("50%", ""), []string{node}},
		"a budget allows all":                        {with("100%", ""), []string{node, budget + ": PodDisruptionBudget it allows that"}},
		"a budget allows more than all":              {with("3", ""), []string{node, budget + ": PodDisruptionBudget it allows that"}},
		"a budget requires none":                     {with("", "0"), []string{node, budget + ": PodDisruptionBudget it allows that"}},
		"a budget requires one":                      {with("", "1"), []string{node}},
		"a budget allows none":                       {with("0", ""), []string{node}},
		"a budget for many allows these": {
			func(f *facts) { with("", "50%")(f); f.budgets.value[0].Status.ExpectedPods = 10 },
			[]string{node, budget + ": PodDisruptionBudget it allows that"},
		},
		"a budget selects one of two": {
			func(f *facts) {
				together(f)
				f.budgets.value = budgets("shop", "web", func(b *policyv1.PodDisruptionBudget) { b.Spec.Selector.MatchLabels["one"] = "yes" })
				f.pods.value[0].Labels["one"] = "yes"
			},
			[]string{node, budget + " that PodDisruptionBudget it does not select"},
		},
		"the user may not read budgets": {
			func(f *facts) {
				together(f)
				f.budgets = denied[[]*policyv1.PodDisruptionBudget]("PodDisruptionBudgets")
			},
			[]string{node, "skipped disruption-budget: may not read PodDisruptionBudgets"},
		},
	})
}
