//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// disruption is one that somebody planned.
type disruption struct {
	name string
	// prepare is what comes before requests are counted, and restore what comes afterwards; nil for nothing.
	prepare, do, restore func(t *testing.T, s *stage)
	// mostMoves is how often the leader may move; 0 is once. It moves at least once.
	mostMoves int
}

// scene is a stage's workloads, and what happens to them.
type scene struct {
	name        string
	apps        []app
	disruptions []disruption
}

func scenes() []scene {
	return []scene{
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
			// One pod may be missing from the first moment on: when that is the leader, no new pod is there to follow it.
			{name: "rollout-25-25", do: rollout, prepare: strategy("25%", "25%"), mostMoves: 2},
		}},
		{name: "statefulset-3", apps: []app{{kindStatefulSet, "web", 3, "200m"}}, disruptions: []disruption{
			{name: "rollout", prepare: leads("web-0"), do: rollout},
			// The highest ordinal goes first: no new pod is there to follow it.
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

func deleteLeader(t *testing.T, s *stage) {
	s.kubectl(t, "delete", "pod", s.leader(t, s.apps[0]).Name, "--wait=false")
}

func evictLeader(t *testing.T, s *stage) {
	err := s.client.PolicyV1().Evictions(s.namespace).Evict(t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Name: s.leader(t, s.apps[0]).Name, Namespace: s.namespace},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func rollout(t *testing.T, s *stage) { s.kubectl(t, "rollout", "restart", s.apps[0].resource()) }

func strategy(surge, unavailable any) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) { s.rollOver(t, s.apps[0], surge, unavailable) }
}

func scale(replicas string) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) { s.kubectl(t, "scale", s.apps[0].resource(), "--replicas="+replicas) }
}

func leads(pod string) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) { s.lead(t, s.apps[0], pod) }
}

// leaderIsCheap makes the leader the first that its ReplicaSet deletes.
func leaderIsCheap(t *testing.T, s *stage) {
	s.kubectl(t, "annotate", "pod", s.leader(t, s.apps[0]).Name, corev1.PodDeletionCost+"=-100")
}

// allLeadOnOneNode gathers the leaders.
func allLeadOnOneNode(t *testing.T, s *stage) {
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

func drainLeaders(t *testing.T, s *stage) { s.drain(t, s.leader(t, s.apps[0]).Spec.NodeName) }

func endDrain(t *testing.T, s *stage) {
	for _, node := range s.nodes {
		s.uncordon(t, node)
	}
	bothReplicas(t, s.client)
}

// rolloutOfTanistAndDrain drains the leader's node while Tanist replaces its own replicas; one of them is on that node as a rule.
func rolloutOfTanistAndDrain(t *testing.T, s *stage) {
	node := s.leader(t, s.apps[0]).Spec.NodeName
	run(t, "kubectl", "rollout", "restart", "--namespace", tanistNamespace, "deployment/tanist")
	s.drain(t, node)
	run(t, "kubectl", "rollout", "status", "--namespace", tanistNamespace, "deployment/tanist", "--timeout="+patience.String())
}
