//go:build integration

package integration_test

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// A witness is a Service of its own whose leader is announced to go after something else has happened. When that has been handed
// over, whatever happened before to objects of the same kind has been seen too: events of one kind arrive in order.

// witness makes one whose leader is a pod of this name, and waits for the hand-over.
func (s *scene) witness(service, leader string, announce func(), change ...func(*corev1.Pod)) {
	s.t.Helper()
	s.withService(service)
	s.withReadyPod(service, leader, change...)
	s.leads(service, leader)
	s.withReadyPod(service, service+"-next")
	announce()
	s.leads(service, service+"-next")
}

// nodeWitness sees all events of Nodes.
func (s *scene) nodeWitness(announce func(node string)) {
	s.t.Helper()
	name := fmt.Sprint("witness", addresses.Add(1))
	node := s.withNode(name)
	s.witness(name, name, func() { announce(node) }, onNode(node))
}

// podWitness sees all events of pods.
func (s *scene) podWitness() {
	s.t.Helper()
	name := fmt.Sprint("witness", addresses.Add(1))
	s.witness(name, name, func() { s.terminate(name) })
}

// setWitness sees all events of StatefulSets, by one that shrinks.
func (s *scene) setWitness() {
	s.t.Helper()
	name := fmt.Sprint("witness", addresses.Add(1))
	set := s.withStatefulSet(name, 1)
	s.witness(name, name+"-0", func() { s.patchStatefulSet(name, `{"spec":{"replicas":0}}`) }, ofStatefulSet(set, "v1"))
}

// setRolloutWitness sees all events of StatefulSets, by one that is rolled out.
func (s *scene) setRolloutWitness() {
	s.t.Helper()
	name := fmt.Sprint("witness", addresses.Add(1))
	set := s.withStatefulSet(name, 2)
	s.updateRevision(name, "v1")
	s.withService(name)
	s.withReadyPod(name, name+"-0", ofStatefulSet(set, "v1"))
	s.leads(name, name+"-0")
	s.withReadyPod(name, name+"-1", ofStatefulSet(set, "v2"))
	s.updateRevision(name, "v2")
	s.leads(name, name+"-1")
}

// replicaSetWitness sees all events of ReplicaSets, by a rollback of a Deployment.
func (s *scene) replicaSetWitness() {
	s.t.Helper()
	name := fmt.Sprint("witness", addresses.Add(1))
	older, newer := s.withReplicaSet(name+"-older", 1, s.ofDeployment(name)), s.withReplicaSet(name+"-newer", 2, s.ofDeployment(name))
	s.withService(name)
	s.withReadyPod(name, name+"-0", ofReplicaSet(newer))
	s.leads(name, name+"-0")
	s.withReadyPod(name, name+"-1", ofReplicaSet(older))
	s.setRevision(older, 3)
	s.leads(name, name+"-1")
}
