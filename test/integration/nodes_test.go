//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leaderOnNode makes a Service that pod a leads on one node. Pod b is on another.
func leaderOnNode(t *testing.T) (s *testNamespace, first leadership, nodeOfA, nodeOfB string) {
	t.Helper()
	s = newNamespace(t)
	nodeOfA, nodeOfB = s.withNode("a"), s.withNode("b")
	s.withService("web")
	s.withReadyPod("web", "a", onNode(nodeOfA))
	first = s.leads("web", "a")
	s.withReadyPod("web", "b", onNode(nodeOfB))
	return s, first, nodeOfA, nodeOfB
}

func TestALeaderLeavesANodeThatGoes(t *testing.T) {
	tanist := newTanist(t)
	tanist.tune(`election: {removalTaints: [example.com/going]}`)
	tanist.startElected()
	cases := map[string]func(s *testNamespace, node string){
		"it is cordoned":                       func(s *testNamespace, node string) { s.cordon(node) },
		"the autoscaler removes it":            func(s *testNamespace, node string) { s.taint(node, "ToBeDeletedByClusterAutoscaler") },
		"it has a taint that the tuning names": func(s *testNamespace, node string) { s.taint(node, "example.com/going") },
		"it shuts down":                        func(s *testNamespace, node string) { s.patchNode(node, shuttingDown, "status") },
		"it is being deleted": func(s *testNamespace, node string) {
			s.patchNode(node, `{"metadata":{"finalizers":["example.com/drain"]}}`)
			if err := clientset.CoreV1().Nodes().Delete(s.t.Context(), node, metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
		},
	}
	for name, announce := range cases {
		t.Run(name, func(t *testing.T) {
			s, first, node, _ := leaderOnNode(t)
			announce(s, node)
			if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "NodeGoing" {
				t.Errorf("got %+v", l)
			}
		})
	}
}

func TestACordonTakenBackMovesNoLeader(t *testing.T) {
	newTanist(t).startElected()
	s, _, node, _ := leaderOnNode(t)
	s.cordon(node)
	second := s.leads("web", "b")
	s.patchNode(node, `{"spec":{"unschedulable":null}}`)
	s.awaitNodeEvents(s.cordon)
	s.stays("web", second)
}

func TestWhatANodeReportsChangesNothing(t *testing.T) {
	r := newTanist(t).startElected()
	s, first, node, _ := leaderOnNode(t)
	s.awaitPodEvents() // Tanist has seen all that happened so far
	hits := r.counter("tanist_leader_cache_hits_total")
	for i := range 20 {
		s.patchNode(node, fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"%d"}]}}`, i), "status")
	}
	s.cordon(node) // its event comes after all of them
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if got := r.counter("tanist_leader_cache_hits_total") - hits; got > 5 {
		t.Errorf("%v reconciliations for one cordon and 20 heartbeats", got)
	}
}
