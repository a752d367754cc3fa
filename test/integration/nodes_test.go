//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeScene is a Service that a leads on node-a, with b beside it on node-b.
func nodeScene(t *testing.T) (s *scene, first leadership, nodeOfA, nodeOfB string) {
	t.Helper()
	s = newScene(t)
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
	cases := map[string]func(s *scene, node string){
		"it is cordoned":            func(s *scene, node string) { s.cordon(node) },
		"the autoscaler removes it": func(s *scene, node string) { s.taint(node, "ToBeDeletedByClusterAutoscaler") },
		"a taint of one's own":      func(s *scene, node string) { s.taint(node, "example.com/going") },
		"it shuts down":             func(s *scene, node string) { s.patchNode(node, shuttingDown, "status") },
		"it is being deleted": func(s *scene, node string) {
			s.patchNode(node, `{"metadata":{"finalizers":["example.com/drain"]}}`)
			if err := clientset.CoreV1().Nodes().Delete(s.t.Context(), node, metav1.DeleteOptions{}); err != nil {
				s.t.Fatal(err)
			}
		},
	}
	for name, announce := range cases {
		t.Run(name, func(t *testing.T) {
			s, first, node, _ := nodeScene(t)
			announce(s, node)
			if l := s.leads("web", "b"); !s.next("web", first, l) || l.Reason != "NodeGoing" {
				t.Errorf("got %+v", l)
			}
		})
	}
}

func TestACordonTakenBackMovesNobody(t *testing.T) {
	newTanist(t).startElected()
	s, _, node, _ := nodeScene(t)
	s.cordon(node)
	second := s.leads("web", "b")
	s.patchNode(node, `{"spec":{"unschedulable":null}}`)
	s.nodeWitness(s.cordon)
	s.stays("web", second)
}

func TestWhatANodeReportsWakesNobody(t *testing.T) {
	r := newTanist(t).startElected()
	s, first, node, _ := nodeScene(t)
	s.podWitness() // what happened so far has been dealt with
	hits := r.counter("tanist_leader_cache_hits_total")
	for i := range 20 {
		s.patchNode(node, fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"%d"}]}}`, i), "status")
	}
	s.cordon(node) // comes after all of them
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if got := r.counter("tanist_leader_cache_hits_total") - hits; got > 5 {
		t.Errorf("%v reconciliations for one cordon and 20 heartbeats", got)
	}
}
