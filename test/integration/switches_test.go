//go:build integration

package integration_test

import (
	"testing"
)

// announced is a Service whose leader can be announced to go: by what, and who follows.
type announced struct {
	*scene
	service  string
	first    leadership
	announce func()
	// witness sees that the announcement has arrived.
	witness func()
	next    string
}

func announcedNode(t *testing.T, announce, witness func(s *scene, node string)) announced {
	s, first, node, _ := nodeScene(t)
	return announced{
		scene: s, service: "web", first: first, next: "b",
		announce: func() { announce(s, node) },
		witness:  func() { s.nodeWitness(func(node string) { witness(s, node) }) },
	}
}

// TestEachAnnouncementCanBeSwitchedOff does so while Tanist runs, and back on: what is announced by then moves the leader.
func TestEachAnnouncementCanBeSwitchedOff(t *testing.T) {
	cordon := func(s *scene, node string) { s.cordon(node) }
	taint := func(s *scene, node string) { s.taint(node, "karpenter.sh/disrupted") }
	cases := map[string]func(t *testing.T) announced{
		"handoverOnCordon":       func(t *testing.T) announced { return announcedNode(t, cordon, taint) },
		"handoverOnRemovalTaint": func(t *testing.T) announced { return announcedNode(t, taint, cordon) },
		"handoverOnNodeShutdown": func(t *testing.T) announced {
			return announcedNode(t, func(s *scene, node string) { s.patchNode(node, shuttingDown, "status") }, cordon)
		},
		"handoverOnDisruptionTarget": func(t *testing.T) announced {
			s, first := pair(t)
			return announced{s, "web", first, func() { s.condition("a", "DisruptionTarget", "True") }, s.podWitness, "b"}
		},
		"handoverOnRollout": func(t *testing.T) announced {
			s, first, _, second := deploymentScene(t)
			return announced{s, "web", first, func() { s.withReadyPod("web", "c", ofReplicaSet(second)) }, s.podWitness, "c"}
		},
		"handoverOnScaleDown": func(t *testing.T) announced {
			s, _, first := statefulScene(t)
			shrink := func() { s.patchStatefulSet("db", `{"spec":{"replicas":2}}`) }
			return announced{s, "db", first, shrink, s.setRolloutWitness, "db-0"}
		},
	}
	for key, prepare := range cases {
		t.Run(key, func(t *testing.T) {
			tanist := newTanist(t)
			// That a key is off can only be seen by something else that is on from the same moment.
			on, mark := "removalTaints: [example.com/now]", func(s *scene, node string) { s.taint(node, "example.com/now") }
			if key == "handoverOnRemovalTaint" {
				tanist.tune("election: {handoverOnCordon: false}")
				on, mark = "handoverOnCordon: true", cordon
			}
			tanist.startElected()
			a := prepare(t)
			a.nodeWitness(func(node string) {
				mark(a.scene, node)
				tanist.tune("election: {" + key + ": false, " + on + "}")
			})
			a.announce()
			a.witness()
			a.stays(a.service, a.first)
			tanist.tune("{}")
			if l := a.leads(a.service, a.next); !a.scene.next(a.service, a.first, l) {
				t.Errorf("got %+v", l)
			}
		})
	}
}
