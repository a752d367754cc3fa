//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/tanist-dev/tanist/config"
)

// TestANeighbourIsServedWhileManyServicesFlap: one namespace has 200 Services over the same two pods, whose readiness changes all the time.
// The log has how long a neighbour's hand-over takes meanwhile.
func TestANeighbourIsServedWhileManyServicesFlap(t *testing.T) {
	r := newTanist(t).startElected()
	busy, neighbour := newNamespace(t), newNamespace(t)
	const services, flips = 200, 8 // no more than the burst of hand-overs that one Service may have
	quiet := neighbour.handOvers("before", flips, func() {})
	began := time.Now()
	busy.withReadyPod("shared", "a")
	busy.withReadyPod("shared", "b")
	for n := range services {
		busy.withService(fmt.Sprint("web-", n), func(service *corev1.Service) { service.Spec.Selector["app"] = "shared" })
	}
	for n := range services {
		busy.says(fmt.Sprint("web-", n), "a pod leads", func(l leadership) bool { return l.Ready })
	}
	flip := 0
	loud := neighbour.handOvers("meanwhile", flips, func() {
		for _, name := range [][]string{{"a", "b"}, {"b", "a"}}[flip%2] {
			if name == []string{"a", "b"}[flip%2] {
				busy.readyAgain(name)
			} else {
				busy.notReady(name)
			}
		}
		flip++
	})
	t.Logf("a neighbour's hand-over takes %s at most (median %s) while %d Services flap, and %s (median %s) while they do not",
		slices.Max(loud), median(loud), services, slices.Max(quiet), median(quiet))
	neighbour.reported("meanwhile", "LeaderChanged", fmt.Sprintf("meanwhile-%d leads", flips))
	history.eventually(t, func() string {
		moves, told := int(r.counter("tanist_handovers_total")), busy.moves()+neighbour.moves()
		if moves != told {
			return fmt.Sprintf("that Events tell of all %d moves, they tell of %d", moves, told)
		}
		return ""
	})
	sent, most := busy.eventsOfTanist(), 200+10*int(time.Since(began)/time.Second+1)
	t.Logf("%d Events tell of %d moves in the busy namespace", sent, busy.moves())
	if sent > most {
		t.Errorf("%d Events in the busy namespace, want at most %d: 200 at once and ten a second", sent, most)
	}
}

// handOvers makes a Service and hands its leader over again and again. It returns how long each hand-over took. Each begins when something
// has been done.
func (s *testNamespace) handOvers(service string, n int, do func()) (took []time.Duration) {
	s.t.Helper()
	name := func(i int) string { return fmt.Sprint(service, "-", i) }
	s.withReadyPod(service, name(0))
	s.withService(service)
	s.leads(service, name(0))
	for i := range n {
		s.withReadyPod(service, name(i+1))
		do()
		began := time.Now()
		s.terminate(name(i))
		s.leads(service, name(i+1))
		took = append(took, time.Since(began))
	}
	return took
}

// moves returns of how many moves the Events of a namespace tell.
func (s *testNamespace) moves() (moves int) {
	for _, object := range history.objects("Event", s.namespace) {
		event := object.(*eventsv1.Event)
		if event.Reason != "LeaderChanged" && (event.Reason != "NoLeader" || event.Type != corev1.EventTypeWarning) {
			continue
		}
		moves++
		for at := range event.Note {
			var omitted int
			if n, _ := fmt.Sscanf(event.Note[at:], "(%d more", &omitted); n == 1 {
				moves += omitted
			}
		}
	}
	return moves
}

// eventsOfTanist returns how many Events Tanist has sent in a namespace. Kubernetes' own controllers send some, too.
func (s *testNamespace) eventsOfTanist() (sent int) {
	for _, object := range history.objects("Event", s.namespace) {
		if object.(*eventsv1.Event).ReportingController == config.ManagedBy {
			sent++
		}
	}
	return sent
}

func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
