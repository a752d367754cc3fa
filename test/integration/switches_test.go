//go:build integration

package integration_test

import (
	"testing"
)

// announced is a Service, how to announce that its leader goes, and the pod that follows.
type announced struct {
	*testNamespace
	service  string
	first    leadership
	announce func()
	// awaitEvents waits until Tanist has seen the announcement.
	awaitEvents func()
	next        string
}

func announcedNode(t *testing.T, announce, other func(s *testNamespace, node string)) announced {
	s, first, node, _ := leaderOnNode(t)
	return announced{
		testNamespace: s, service: "web", first: first, next: "b",
		announce:    func() { announce(s, node) },
		awaitEvents: func() { s.awaitNodeEvents(func(node string) { other(s, node) }) },
	}
}

// TestEachAnnouncementCanBeSwitchedOff switches each off while Tanist runs, and on again. Then what was announced moves the leader.
func TestEachAnnouncementCanBeSwitchedOff(t *testing.T) {
	cordon := func(s *testNamespace, node string) { s.cordon(node) }
	taint := func(s *testNamespace, node string) { s.taint(node, "karpenter.sh/disrupted") }
	cases := map[string]func(t *testing.T) announced{
		"handoverOnCordon":       func(t *testing.T) announced { return announcedNode(t, cordon, taint) },
		"handoverOnRemovalTaint": func(t *testing.T) announced { return announcedNode(t, taint, cordon) },
		"handoverOnNodeShutdown": func(t *testing.T) announced {
			return announcedNode(t, func(s *testNamespace, node string) { s.patchNode(node, shuttingDown, "status") }, cordon)
		},
		"handoverOnDisruptionTarget": func(t *testing.T) announced {
			s, first := pair(t)
			return announced{s, "web", first, func() { s.condition("a", "DisruptionTarget", "True") }, s.awaitPodEvents, "b"}
		},
		"handoverOnRollout": func(t *testing.T) announced {
			s, first, _, second := leaderOfDeployment(t)
			return announced{s, "web", first, func() { s.withReadyPod("web", "c", ofReplicaSet(second)) }, s.awaitPodEvents, "c"}
		},
		"handoverOnScaleDown": func(t *testing.T) announced {
			s, _, first := leaderOfStatefulSet(t)
			shrink := func() { s.patchStatefulSet("db", `{"spec":{"replicas":2}}`) }
			return announced{s, "db", first, shrink, s.awaitStatefulSetRollouts, "db-0"}
		},
	}
	for key, prepare := range cases {
		t.Run(key, func(t *testing.T) {
			tanist := newTanist(t)
			// The test knows that a key is off when another key, switched on in the same write, has an effect.
			on, mark := "removalTaints: [example.com/now]", func(s *testNamespace, node string) { s.taint(node, "example.com/now") }
			if key == "handoverOnRemovalTaint" {
				tanist.tune("election: {handoverOnCordon: false}")
				on, mark = "handoverOnCordon: true", cordon
			}
			tanist.startElected()
			a := prepare(t)
			a.awaitNodeEvents(func(node string) {
				mark(a.testNamespace, node)
				tanist.tune("election: {" + key + ": false, " + on + "}")
			})
			a.announce()
			a.awaitEvents()
			a.stays(a.service, a.first)
			tanist.tune("{}")
			if l := a.leads(a.service, a.next); !a.testNamespace.next(a.service, a.first, l) {
				t.Errorf("got %+v", l)
			}
		})
	}
}
