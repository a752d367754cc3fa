//go:build integration

package integration_test

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/tanist-dev/tanist/config"
)

// follows waits until a leader Service names its leader and the successor; empty for no successor.
func (s *testNamespace) follows(leaderService, leader, successor string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		service := history.service(s.namespace, leaderService)
		if service == nil || service.Annotations[config.LeaderKey] != leader || service.Annotations[config.SuccessorKey] != successor {
			return fmt.Sprintf("%s leads and %q follows; got %+v", leader, successor, service)
		}
		// The condition is the second write.
		if !meta.IsStatusConditionTrue(service.Status.Conditions, config.LeaderReadyCondition) {
			return fmt.Sprintf("that the condition says that a ready pod leads; got %+v", service.Status.Conditions)
		}
		return ""
	})
}

func TestTheSuccessorIsPublished(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	s.follows("web-leader", "a", "")
	s.withReadyPod("web", "b") // neither the slice nor a Service changes
	s.follows("web-leader", "a", "b")
	s.withReadyPod("web", "c")
	s.notReady("b")
	s.follows("web-leader", "a", "c")
	s.kill("a")
	s.leads("web", "c")
	s.follows("web-leader", "c", "")
	if slice := history.slice(s.namespace, "web-leader-ipv4"); slice.Annotations[config.SuccessorKey] != "" {
		t.Errorf("the slice, which is the fast path, names a successor: %v", slice.Annotations)
	}
}

func TestWhatSomeoneWritesForTheSuccessorIsUndone(t *testing.T) {
	newTanist(t).startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	for _, value := range []string{"c", ""} {
		version := s.exists("web-leader").ResourceVersion
		s.annotate("web-leader", config.SuccessorKey, value)
		history.eventually(t, func() string {
			if history.service(s.namespace, "web-leader").ResourceVersion == version {
				return "that the edit is seen"
			}
			return ""
		})
		s.follows("web-leader", "a", "b")
	}
}

func TestARestartWritesNothingWhenTheSuccessorIsTheSame(t *testing.T) {
	installation := newTanist(t)
	r := installation.startElected()
	s, _ := pair(t)
	s.follows("web-leader", "a", "b")
	versions := s.versionsOf("Service", "web-leader")
	r.stop()
	installation.startElected()
	s.withReadyPod("web", "c")
	s.kill("b")
	s.follows("web-leader", "a", "c") // by now everything that a start publishes is published
	if got := s.versionsOf("Service", "web-leader") - versions; got != 1 {
		t.Errorf("the leader Service was written %d times for one change", got)
	}
}

func TestPodsThatComeAndGoCostFewWritesAndNoneWhenNothingChanges(t *testing.T) {
	installation := newTanist(t)
	installation.startElected()
	installation.start()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	s.withReadyPod("web", "c")
	versions, started := s.versionsOf("Service", "web-leader"), time.Now()
	for range 150 { // each changes the successor
		s.notReady("b")
		s.readyAgain("b")
	}
	s.follows("web-leader", "a", "b")
	most := int(time.Since(started)/time.Second) + 2
	if got := s.versionsOf("Service", "web-leader") - versions; got > most {
		t.Errorf("the leader Service was written %d times, want at most %d", got, most)
	}

	// A change that changes no published successor writes nothing: the last pod comes after b.
	s.kill("c")
	marker := newNamespace(t)
	marker.withService("web")
	marker.withReadyPod("web", "x")
	marker.leads("web", "x")
	marker.follows("web-leader", "x", "")
	versions = s.versionsOf("Service", "web-leader")
	for range 50 {
		s.withReadyPod("web", "d")
		s.kill("d")
	}
	marker.withReadyPod("web", "y")
	marker.follows("web-leader", "x", "y") // a second later: by now all writes for the pods above are done
	if got := s.versionsOf("Service", "web-leader"); got != versions {
		t.Errorf("the leader Service was written %d times although nothing has changed", got-versions)
	}
	s.stays("web", first)
}
