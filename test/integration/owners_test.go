//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// What Kubernetes' own workload controllers do to a Service's pods.

func TestADaemonSetsPodsLeadAsOthersDo(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t, realWorkloads)
	s.withService("web")
	s.withDaemonSet("web", s.withNode("one"), s.withNode("two"))
	leader := s.runs("web", 2)[0].Name
	first := s.leads("web", leader)
	s.terminate(leader)
	second := s.leadsOne("web", "DaemonSet", leader)
	if !s.next("web", first, second) {
		t.Errorf("got %+v after %+v", second, first)
	}
	s.finish(leader)
	s.runs("web", 2) // its successor on the same node
	s.awaitPodEvents()
	s.stays("web", second)
}

func TestARealRolloutMovesTheLeaderOnce(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t, realWorkloads)
	s.withService("web")
	s.withDeployment("web", 2)
	var old []string
	for _, pod := range s.runs("web", 2) {
		old = append(old, pod.Name)
	}
	first := s.says("web", "one leads", func(l leadership) bool { return l.Ready })
	if _, err := clientset.AppsV1().Deployments(s.namespace).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"spec":{"template":{"metadata":{"annotations":{"example.com/version":"2"}}}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	s.runs("web", 3) // a new pod comes before an old one goes
	moved := s.leadsOne("web", "ReplicaSet", old...)
	if !s.next("web", first, moved) || moved.Reason != "Rollout" {
		t.Errorf("got %+v after %+v", moved, first)
	}
	history.eventually(t, func() string {
		s.finishAll()
		var left []string
		for _, pod := range s.podsOf("web") {
			if pod.DeletionTimestamp == nil && pod.Status.PodIP == "" {
				s.bind(pod)
				s.ready(pod.Name)
			}
			if slices.Contains(old, pod.Name) {
				left = append(left, pod.Name)
			}
		}
		if len(left) > 0 {
			return fmt.Sprintf("that the rollout ends, %v are left", left)
		}
		return ""
	})
	s.awaitPodEvents()
	s.stays("web", moved)
}

func TestADeploymentThatShrinksKeepsOneLeader(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t, realWorkloads)
	s.withService("web")
	s.withDeployment("web", 3)
	s.runs("web", 3)
	s.says("web", "one leads", func(l leadership) bool { return l.Ready })
	mark := s.mark()
	if _, err := clientset.AppsV1().Deployments(s.namespace).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"spec":{"replicas":1}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	last := s.runs("web", 1)[0]
	s.leads("web", last.Name)
	s.finishAll()
	s.alwaysOne("web-leader", mark)
}
