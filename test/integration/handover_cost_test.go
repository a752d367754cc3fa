//go:build integration

package integration_test

import (
	"fmt"
	"testing"
)

func TestNothingIsWrittenWhenNothingHappens(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	s.mirrored("web-leader", first)
	slice, service := s.versionsOf("EndpointSlice", "web-leader-ipv4"), s.versionsOf("Service", "web-leader")
	hits := r.counter("tanist_leader_cache_hits_total")
	for i := range 20 {
		s.status("a", fmt.Sprintf(`{"message":"%d"}`, i))
		s.status("b", fmt.Sprintf(`{"message":"%d"}`, i))
	}
	reconciled := r.counter("tanist_leader_cache_hits_total") - hits
	s.terminate("a") // its event comes after all of them
	s.leads("web", "b")
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - slice; got != 1 {
		t.Errorf("the slice was written %d times, want once for the hand-over", got)
	}
	if got := s.versionsOf("Service", "web-leader"); got != service {
		t.Errorf("the leader Service was written %d times", got-service)
	}
	if reconciled != 0 {
		t.Errorf("%v reconciliations for updates that change nothing", reconciled)
	}
}

func TestHandoversAreDecidedWithoutReadingTheAPI(t *testing.T) {
	r := newTanist(t).startElected()
	s, _ := pair(t)
	before := r.counter("tanist_leader_cache_misses_total")
	for i, next := range []string{"b", "c", "d", "e"} {
		previous := []string{"a", "b", "c", "d"}[i]
		if i > 0 {
			s.withReadyPod("web", next)
		}
		s.terminate(previous)
		s.leads("web", next)
	}
	if got := r.counter("tanist_leader_cache_misses_total"); got != before {
		t.Errorf("%v live reads", got-before)
	}
	r.counts(5, "tanist_handovers_total")
}

func TestManyLeadersAreLostAtOnce(t *testing.T) {
	newTanist(t).startElected()
	s := newNamespace(t)
	leaders := s.withLeaders(40)
	s.deleteTogether()
	for name, first := range leaders {
		if l := s.leads(name, name+"-b"); !s.next(name, first, l) {
			t.Errorf("%s: got %+v", name, l)
		}
	}
}
