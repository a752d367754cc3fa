//go:build integration

package integration_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

func TestALeaderServiceGoesAndComesBack(t *testing.T) {
	cases := map[string]struct {
		leave, back func(*testNamespace)
	}{
		"the annotation is removed": {
			leave: func(s *testNamespace) { s.annotate("web", config.EnabledKey, "") },
			back:  func(s *testNamespace) { s.annotate("web", config.EnabledKey, "true") },
		},
		"the annotation says false": {
			leave: func(s *testNamespace) { s.annotate("web", config.EnabledKey, "false") },
			back:  func(s *testNamespace) { s.annotate("web", config.EnabledKey, "true") },
		},
		"the namespace's label is removed, and there is no grace": {
			leave: func(s *testNamespace) { s.label(`null`) },
			back:  func(s *testNamespace) { s.label(`"true"`) },
		},
		"the Service loses its selector": {
			leave: func(s *testNamespace) { s.patchService("web", `{"spec":{"selector":null}}`) },
			back:  func(s *testNamespace) { s.patchService("web", `{"spec":{"selector":{"app":"web"}}}`) },
		},
	}
	installation := newTanist(t)
	installation.tune("election: {optOutGrace: 0s}")
	installation.startElected().isTuned("election: {optOutGrace: 0s}")
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := newNamespace(t)
			s.withService("web")
			s.withReadyPod("web", "a")
			s.leads("web", "a")
			test.leave(s)
			s.isGone("web-leader")
			test.back(s)
			s.leads("web", "a")
		})
	}
}

func (s *testNamespace) label(value string) {
	s.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, config.EnabledKey, value)
	patch(s.t, clientset.CoreV1().Namespaces(), types.MergePatchType, s.namespace, body)
}

func TestARenamedLeaderServiceKeepsItsLeader(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.withReadyPod("web", "b")
	s.kill("a")
	before := s.leads("web", "b")
	s.annotate("web", config.LeaderServiceKey, "boss")
	history.eventually(t, func() string {
		after := leadershipOf(history.slice(s.namespace, "boss-ipv4"))
		diff := after.keeps(before)
		if diff == "" {
			before = after
		}
		return diff
	})
	s.isGone("web-leader")
	s.annotate("web", config.LeaderServiceKey, "")
	if diff := s.leads("web", "b").keeps(before); diff != "" {
		t.Errorf("the leadership has changed (-want +got):\n%s", diff)
	}
	s.isGone("boss")
}

func TestAServiceThatIsReCreatedGetsALeaderServiceOfItsOwn(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	first := s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.deleteService("web")
	second := s.withService("web")
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.OwnerReferences[0].UID; got != second.UID {
			return fmt.Sprintf("owner %s, got %s (the first was %s)", second.UID, got, first.UID)
		}
		return ""
	})
	s.leads("web", "a")
}

func TestALeaderServiceThatSomeoneDeletesComesBack(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	before := s.leads("web", "a")
	first := s.exists("web-leader")
	s.deleteService("web-leader")
	second := s.exists("web-leader", func(service *corev1.Service) string {
		if service.UID == first.UID {
			return "another leader Service"
		}
		return ""
	})
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, "web-leader-ipv4")
		if slice == nil {
			return "a slice of the new leader Service"
		}
		if owner := slice.OwnerReferences[0].UID; owner != second.UID {
			return fmt.Sprintf("that the slice belongs to the new leader Service %s; got %s", second.UID, owner)
		}
		return leadershipOf(slice).keeps(before)
	})
}

func TestANamespaceThatIsBeingDeletedIsLeftAlone(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a", endsSoon)
	s.withReadyPod("web", "b", endsSoon)
	before := s.leads("web", "a")
	versions := s.versionsOf("EndpointSlice", "web-leader-ipv4")
	if err := clientset.CoreV1().Namespaces().Delete(t.Context(), s.namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.terminates("a", "b") // the namespace's controller deletes the pods first, and the rest once they are gone
	s.deleteService("web-leader")
	marker := newNamespace(t)
	marker.withService("web")
	marker.withReadyPod("web", "a")
	marker.leads("web", "a") // by now Tanist has seen all of that
	if history.service(s.namespace, "web-leader") != nil {
		t.Error("the leader Service was made again")
	}
	// The deletions of the namespace and of a pod may arrive in any order: a may be the last resort.
	if l := leadershipOf(history.slice(s.namespace, "web-leader-ipv4")); l.Leader != "" && l.Term != before.Term {
		t.Errorf("the leader was moved: %+v, before %+v", l, before)
	}
	s.endsNamespace()
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - versions; got > 2 {
		t.Errorf("the slice has %d versions more, want its deletion and hardly another", got)
	}
}
