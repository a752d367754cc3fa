//go:build e2e

package disruptions

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/test/env"
)

// disruption is a planned disruption.
type disruption struct {
	name string
	// prepare runs before requests are counted, and restore afterwards. Both may be nil.
	prepare, do, restore func(t *testing.T, s *testbed)
	// mostMoves is how often the leader may move; 0 means once. It must move at least once.
	mostMoves int
}

// scenario is some workloads and the disruptions that are tried on them.
type scenario struct {
	name        string
	apps        []app
	disruptions []disruption
}

func scenarios() []scenario {
	return []scenario{
		{name: "deployment-3", apps: []app{{kindDeployment, "web", 3, "300m"}}, disruptions: []disruption{
			{name: "delete", do: deleteLeader},
			{name: "evict", do: evictLeader},
			{name: "rollout-1-0", do: rollout, prepare: strategy(1, 0)},
			{name: "rollout-25-25", do: rollout, prepare: strategy("25%", "25%")},
			{name: "scale-down", prepare: leaderIsCheap, do: scale("2"), restore: scale("3")},
			{name: "preemption", do: preempt, restore: endPreemption},
			{name: "tanist-rollout-and-drain", do: rolloutOfTanistAndDrain, restore: endDrain},
		}},
		{name: "deployment-5", apps: []app{{kindDeployment, "web", 5, "200m"}}, disruptions: []disruption{
			{name: "rollout-1-0", do: rollout, prepare: strategy(1, 0)},
			// One old pod may go at once. If it is the leader, no new pod is ready to follow it.
			{name: "rollout-25-25", do: rollout, prepare: strategy("25%", "25%"), mostMoves: 2},
		}},
		{name: "statefulset-3", apps: []app{{kindStatefulSet, "web", 3, "200m"}}, disruptions: []disruption{
			{name: "rollout", prepare: leads("web-0"), do: rollout},
			// The highest ordinal goes first, so no new pod is ready to follow it.
			{name: "rollout-highest-leads", prepare: leads("web-2"), do: rollout, mostMoves: 2},
			{name: "scale-down", prepare: leads("web-2"), do: scale("2"), restore: scale("3")},
		}},
		{name: "three-deployments-3", apps: []app{
			{kindDeployment, "web-1", 3, "100m"}, {kindDeployment, "web-2", 3, "100m"}, {kindDeployment, "web-3", 3, "100m"},
		}, disruptions: []disruption{
			{name: "drain", prepare: allLeadOnOneNode, do: drainLeaders, restore: endDrain},
		}},
	}
}

func deleteLeader(t *testing.T, s *testbed) {
	s.kubectl(t, "delete", "pod", s.leader(t, s.apps[0]).Name, "--wait=false")
}

func evictLeader(t *testing.T, s *testbed) {
	err := s.client.PolicyV1().Evictions(s.namespace).Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: s.leader(t, s.apps[0]).Name, Namespace: s.namespace},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rollout(t *testing.T, s *testbed) { s.kubectl(t, "rollout", "restart", s.apps[0].resource()) }

func strategy(surge, unavailable any) func(*testing.T, *testbed) {
	return func(t *testing.T, s *testbed) { s.rollOver(t, s.apps[0], surge, unavailable) }
}

func scale(replicas string) func(*testing.T, *testbed) {
	return func(t *testing.T, s *testbed) { s.kubectl(t, "scale", s.apps[0].resource(), "--replicas="+replicas) }
}

func leads(pod string) func(*testing.T, *testbed) {
	return func(t *testing.T, s *testbed) { s.lead(t, s.apps[0], pod) }
}

// leaderIsCheap makes the leader the first pod that its ReplicaSet deletes.
func leaderIsCheap(t *testing.T, s *testbed) {
	s.kubectl(t, "annotate", "pod", s.leader(t, s.apps[0]).Name, corev1.PodDeletionCost+"=-100")
}

// allLeadOnOneNode moves all leaders to one node.
func allLeadOnOneNode(t *testing.T, s *testbed) {
	node := s.leader(t, s.apps[0]).Spec.NodeName
	for _, a := range s.apps[1:] {
		if s.leader(t, a).Spec.NodeName == node {
			continue
		}
		pods, err := s.pods(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		for _, pod := range pods {
			if pod.Spec.NodeName == node {
				s.lead(t, a, pod.Name)
				break
			}
		}
	}
}

func drainLeaders(t *testing.T, s *testbed) { s.drain(t, s.leader(t, s.apps[0]).Spec.NodeName) }

func endDrain(t *testing.T, s *testbed) {
	for _, node := range s.nodes {
		s.uncordon(t, node)
	}
	env.AwaitBothReplicas(t, s.client)
}

// rolloutOfTanistAndDrain drains the leader's node while Tanist replaces its own replicas. One of them is usually on that node.
func rolloutOfTanistAndDrain(t *testing.T, s *testbed) {
	node := s.leader(t, s.apps[0]).Spec.NodeName
	env.Run(t, "kubectl", "rollout", "restart", "--namespace", env.TanistNamespace, "deployment/tanist")
	s.drain(t, node)
	env.Run(t, "kubectl", "rollout", "status", "--namespace", env.TanistNamespace, "deployment/tanist", "--timeout="+env.Timeout.String())
}
