//go:build integration

package integration_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Tanist must have seen an event before a test can say that it does nothing about it. These methods make another Service, and have its
// leader announced to go by an object of the same kind. Events of one kind arrive in order: once that leader is handed over, Tanist has
// seen whatever happened before to objects of this kind.

// handOverAfter makes such a Service with a leader, announces that the leader goes, and waits for the hand-over.
func (s *testNamespace) handOverAfter(service, leader string, announce func(), change ...func(*corev1.Pod)) {
	s.t.Helper()
	s.withService(service)
	s.withReadyPod(service, leader, change...)
	s.leads(service, leader)
	s.withReadyPod(service, service+"-next")
	announce()
	s.leads(service, service+"-next")
}

// awaitNodeEvents waits until Tanist has seen all events of Nodes.
func (s *testNamespace) awaitNodeEvents(announce func(node string)) {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	node := s.withNode(name)
	s.handOverAfter(name, name, func() { announce(node) }, onNode(node))
}

// awaitPodEvents waits until Tanist has seen all events of pods.
func (s *testNamespace) awaitPodEvents() {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	s.handOverAfter(name, name, func() { s.terminate(name) })
}

// awaitStatefulSetEvents waits until Tanist has seen all events of StatefulSets. It scales one down.
func (s *testNamespace) awaitStatefulSetEvents() {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	set := s.withStatefulSet(name, 1)
	s.handOverAfter(name, name+"-0", func() { s.patchStatefulSet(name, `{"spec":{"replicas":0}}`) }, ofStatefulSet(set, "v1"))
}

// awaitStatefulSetRollouts waits until Tanist has seen all events of StatefulSets. It rolls one out.
func (s *testNamespace) awaitStatefulSetRollouts() {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	set := s.withStatefulSet(name, 2)
	s.updateRevision(name, "v1")
	s.withService(name)
	s.withReadyPod(name, name+"-0", ofStatefulSet(set, "v1"))
	s.leads(name, name+"-0")
	s.withReadyPod(name, name+"-1", ofStatefulSet(set, "v2"))
	s.updateRevision(name, "v2")
	s.leads(name, name+"-1")
}

// awaitReplicaSetEvents waits until Tanist has seen all events of ReplicaSets. It rolls a Deployment back.
func (s *testNamespace) awaitReplicaSetEvents() {
	s.t.Helper()
	name := fmt.Sprint("marker-", addresses.Add(1))
	older, newer := s.withReplicaSet(name+"-older", 1, s.ofDeployment(name)), s.withReplicaSet(name+"-newer", 2, s.ofDeployment(name))
	s.withService(name)
	s.withReadyPod(name, name+"-0", ofReplicaSet(newer))
	s.leads(name, name+"-0")
	s.withReadyPod(name, name+"-1", ofReplicaSet(older))
	s.setRevision(older, 3)
	s.leads(name, name+"-1")
}
