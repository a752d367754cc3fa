//go:build integration

package integration_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// leaderOfDeployment makes a Service that pod a leads. Pods a and b are of the first revision; the second has no pod yet.
func leaderOfDeployment(t *testing.T) (s *testNamespace, start leadership, first, second *appsv1.ReplicaSet) {
	t.Helper()
	s = newNamespace(t)
	first = s.withReplicaSet("first", 1)
	s.withService("web")
	s.withReadyPod("web", "a", ofReplicaSet(first))
	start = s.leads("web", "a")
	s.withReadyPod("web", "b", ofReplicaSet(first))
	second = s.withReplicaSet("second", 2)
	return s, start, first, second
}

func TestARolloutMovesTheLeaderOnce(t *testing.T) {
	newTanist(t).startElected()
	s, start, first, second := leaderOfDeployment(t)
	s.withReadyPod("web", "c", ofReplicaSet(second))
	moved := s.leads("web", "c")
	if !s.next("web", start, moved) || moved.Reason != "Rollout" {
		t.Errorf("got %+v", moved)
	}
	s.withReadyPod("web", "d", ofReplicaSet(second))
	s.kill("a")
	s.kill("b")
	s.awaitPodEvents()
	s.stays("web", moved)
	// In a rollback the first revision is the newest again, and gets a pod.
	s.setRevision(first, 3)
	s.withReadyPod("web", "e", ofReplicaSet(first))
	if back := s.leads("web", "e"); !s.next("web", moved, back) || back.Reason != "Rollout" {
		t.Errorf("got %+v", back)
	}
}

func TestARolloutThatIsStuckOrCrashesMovesNoLeaderTwice(t *testing.T) {
	newTanist(t).startElected()
	s, start, first, second := leaderOfDeployment(t)
	s.withPod("web", "c", ofReplicaSet(second)) // it never gets ready
	s.withReadyPod("web", "d", ofReplicaSet(second))
	moved := s.leads("web", "d")
	s.notReady("d")
	back := s.leads("web", "a")
	if !s.next("web", start, moved) || !s.next("web", moved, back) || back.Reason != "LeaderNotReady" {
		t.Errorf("got %+v and %+v", moved, back)
	}
	s.restarts("d", 1)
	s.readyAgain("d")
	s.notReady("d")
	s.readyAgain("d")
	s.awaitPodEvents()
	s.stays("web", back)
	s.setRevision(first, 3)
	s.kill("d")
	s.awaitReplicaSetEvents()
	s.awaitPodEvents()
	s.stays("web", back)
}

// leaderOfStatefulSet makes a StatefulSet of three. The pod with the last ordinal leads.
func leaderOfStatefulSet(t *testing.T, change ...func(*appsv1.StatefulSet)) (*testNamespace, *appsv1.StatefulSet, leadership) {
	t.Helper()
	s := newNamespace(t)
	set := s.withStatefulSet("db", 3, change...)
	s.updateRevision("db", "v1")
	s.withService("db", annotation(config.StrategyKey, "ordinal"))
	s.withReadyPod("db", "db-2", ofStatefulSet(set, "v1"))
	first := s.leads("db", "db-2")
	s.withReadyPod("db", "db-1", ofStatefulSet(set, "v1"))
	s.withReadyPod("db", "db-0", ofStatefulSet(set, "v1"))
	s.awaitPodEvents() // Tanist knows all of them before anything is announced
	return s, set, first
}

func TestAStatefulSetThatShrinksMovesTheLeader(t *testing.T) {
	newTanist(t).startElected()
	s, _, first := leaderOfStatefulSet(t)
	s.patchStatefulSet("db", `{"spec":{"replicas":2}}`)
	moved := s.leads("db", "db-0")
	if !s.next("db", first, moved) || moved.Reason != "ScaleDown" {
		t.Errorf("got %+v", moved)
	}
	s.kill("db-2")
	s.patchStatefulSet("db", `{"spec":{"replicas":1}}`)
	s.kill("db-1")
	s.awaitStatefulSetEvents()
	s.awaitPodEvents()
	s.stays("db", moved)
}

func TestAStatefulSetsRolloutLeavesThePodsBelowThePartitionAlone(t *testing.T) {
	newTanist(t).startElected()
	two := int32(2)
	s, set, first := leaderOfStatefulSet(t, func(set *appsv1.StatefulSet) {
		set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{
			Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &two},
		}
	})
	s.updateRevision("db", "v2")
	moved := s.leads("db", "db-0") // db-0 stays, while db-2 goes
	if !s.next("db", first, moved) || moved.Reason != "Rollout" {
		t.Errorf("got %+v", moved)
	}
	s.kill("db-2")
	s.withReadyPod("db", "db-2", ofStatefulSet(set, "v2"))
	s.awaitStatefulSetEvents()
	s.awaitPodEvents()
	s.stays("db", moved)
	s.patchStatefulSet("db", `{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}`)
	if l := s.leads("db", "db-2"); !s.next("db", moved, l) || l.Reason != "Rollout" {
		t.Errorf("got %+v", l)
	}
}

func TestNothingIsAnnouncedByOnDelete(t *testing.T) {
	newTanist(t).startElected()
	s, set, first := leaderOfStatefulSet(t, func(set *appsv1.StatefulSet) {
		set.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	})
	s.updateRevision("db", "v2")
	s.kill("db-0")
	s.withReadyPod("db", "db-0", ofStatefulSet(set, "v2"))
	s.awaitStatefulSetEvents()
	s.awaitPodEvents()
	s.stays("db", first)
}

func TestThePodWithTheHigherDeletionCostFollows(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t)
	s.withReadyPod("web", "c", func(pod *corev1.Pod) {
		pod.Annotations = map[string]string{"controller.kubernetes.io/pod-deletion-cost": "100"}
	})
	s.terminate("a")
	s.leads("web", "c")
}
