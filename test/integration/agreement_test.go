//go:build integration

package integration_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// Replicas that remember different things do not undo each other's work.

// watched is how long a test observes that nothing happens.
const watched = 2 * time.Second

// staysQuiet checks that Tanist, which is busy with other Services, writes neither a Service's slice nor its leader Service, and that the
// leader does not move.
func (s *testNamespace) staysQuiet(service string, want leadership) {
	s.t.Helper()
	slice, leaderService := service+"-leader-ipv4", service+"-leader"
	marker := newNamespace(s.t)
	marker.awaitPodEvents() // by now all pending writes are done
	slices, services := s.versionsOf("EndpointSlice", slice), s.versionsOf("Service", leaderService)
	for start := time.Now(); time.Since(start) < watched; {
		marker.awaitPodEvents()
	}
	if got := s.versionsOf("EndpointSlice", slice) - slices; got != 0 {
		s.t.Errorf("the slice was written %d times", got)
	}
	if got := s.versionsOf("Service", leaderService) - services; got != 0 {
		s.t.Errorf("the leader Service was written %d times", got)
	}
	s.stays(service, want)
}

// withYoungerPod creates a ready pod that is at least a second younger than another: the API's times are in whole seconds.
func (s *testNamespace) withYoungerPod(app, name, than string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if !s.tryCreate(app).CreationTimestamp.After(history.pod(s.namespace, than).CreationTimestamp.Time) {
			return "another second"
		}
		return ""
	})
	s.withReadyPod(app, name)
}

func TestAWrongAnnotationAndARestartMoveNoLeader(t *testing.T) {
	type replicas struct{ holder, other *replica }
	restartOther := func(i *tanist, r replicas) {
		r.other.stop()
		i.start()
	}
	cases := map[string]struct {
		key, good, bad string
		restart        func(*tanist, replicas)
	}{
		"a strategy, and the other replica restarts": {config.StrategyKey, "newest", "newst", restartOther},
		"a strategy, and the holder of the Lease restarts": {config.StrategyKey, "newest", "newst", func(i *tanist, r replicas) {
			r.holder.stop()
			fresh := i.start()
			history.eventually(i.t, func() string {
				if !fresh.holdsLease() && !r.other.holdsLease() {
					return "another replica to be elected"
				}
				return ""
			})
		}},
		"a strategy, and both restart": {config.StrategyKey, "newest", "newst", func(i *tanist, r replicas) {
			r.holder.stop()
			r.other.stop()
			i.startElected()
			i.start()
		}},
		"a preferred leader, and the other replica restarts": {config.PreferredLeaderKey, "b", "B!", restartOther},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			installation := newTanist(t)
			r := replicas{installation.startElected(), installation.start()}
			s := newNamespace(t)
			s.withService("web", annotation(config.StickyKey, "false"), annotation(test.key, test.good))
			s.withReadyPod("web", "a")
			s.leads("web", "a")
			s.withYoungerPod("web", "b", "a")
			leader := s.leads("web", "b")
			s.mirrored("web-leader", leader)
			s.annotate("web", test.key, test.bad) // without admission nothing refuses it
			s.warned("web", "InvalidAnnotation", fmt.Sprintf("%q", test.bad))
			written := s.versionsOf("EndpointSlice", "web-leader-ipv4")
			test.restart(installation, r)
			s.staysQuiet("web", leader)
			if got := s.versionsOf("EndpointSlice", "web-leader-ipv4") - written; got != 0 {
				t.Errorf("the slice was written %d times", got)
			}
		})
	}
}

// checkNextTerm checks that a term can be a fencing token: it is higher than the one before, and near the present time.
func checkNextTerm(t *testing.T, before, after leadership) {
	t.Helper()
	most := time.Now().Add(time.Minute).UnixMilli()
	if after.Term <= before.Term || after.Term > most {
		t.Errorf("the term %d follows %d, want one above it and below %d", after.Term, before.Term, most)
	}
}

func TestATermThatSomeoneWritesDoesNotSpoilTheNextOne(t *testing.T) {
	term := func(value string) string {
		return fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, config.TermKey, value)
	}
	terms := map[string]string{
		"the term is the greatest possible":               strconv.Quote(fmt.Sprint(math.MaxInt64)),
		"the term is one less than the greatest possible": strconv.Quote(fmt.Sprint(math.MaxInt64 - 1)),
		"the term is greater than any possible":           `"9223372036854775808"`,
		"the term is a time a day from now":               strconv.Quote(fmt.Sprint(time.Now().Add(24 * time.Hour).UnixMilli())),
		"the term is negative":                            `"-5"`,
		"the term is the least possible":                  strconv.Quote(fmt.Sprint(math.MinInt64)),
		"the term is no number":                           `"many"`,
		"the term is empty":                               `""`,
		"the term is removed":                             `null`,
	}
	for name, value := range terms {
		t.Run(name+", while Tanist runs", func(t *testing.T) {
			newTanist(t).startElected()
			s, first := pair(t)
			s.patchSlice("web-leader-ipv4", term(value))
			s.terminate("a")
			checkNextTerm(t, first, s.leads("web", "b"))
		})
	}
	for name, value := range terms {
		t.Run(name+", while Tanist is away", func(t *testing.T) {
			installation := newTanist(t)
			r := installation.startElected()
			s, first := pair(t)
			s.mirrored("web-leader", first)
			r.stop()
			s.patchSlice("web-leader-ipv4", term(value))
			installation.startElected()
			s.terminate("a")
			checkNextTerm(t, first, s.leads("web", "b"))
		})
	}
	t.Run("the term on the leader Service is the greatest possible, and the slice is deleted", func(t *testing.T) {
		installation := newTanist(t)
		r := installation.startElected()
		s, first := pair(t)
		s.mirrored("web-leader", first)
		r.stop()
		s.patchService("web-leader", term(terms["the term is the greatest possible"]))
		s.deleteSlice("web-leader-ipv4")
		installation.startElected()
		s.leads("web", "a")
		s.terminate("a")
		checkNextTerm(t, first, s.leads("web", "b"))
	})
}

func TestATermGrowsWhateverBecomesOfTheLeaderService(t *testing.T) {
	cases := map[string]func(*testNamespace){
		"the Service opts out and in": func(s *testNamespace) {
			s.annotate("web", config.EnabledKey, "")
			s.isGone("web-leader")
			s.annotate("web", config.EnabledKey, "true")
		},
		"the Service is deleted and created again": func(s *testNamespace) {
			s.deleteService("web")
			s.isGone("web-leader")
			s.withService("web")
		},
		"the leader Service is deleted": func(s *testNamespace) { s.deleteService("web-leader") },
		"the leader Service gets another name and its old one again": func(s *testNamespace) {
			s.annotate("web", config.LeaderServiceKey, "boss")
			s.isGone("web-leader")
			s.annotate("web", config.LeaderServiceKey, "")
		},
		"the slice is deleted": func(s *testNamespace) { s.deleteSlice("web-leader-ipv4") },
	}
	newTanist(t).startElected()
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, _ := pair(t)
			s.terminate("a")
			second := s.leads("web", "b")
			s.mirrored("web-leader", second)
			uid := history.slice(s.namespace, "web-leader-ipv4").UID
			change(s)
			var third leadership
			history.eventually(t, func() string {
				slice := history.slice(s.namespace, "web-leader-ipv4")
				if third = leadershipOf(slice); slice == nil || slice.UID == uid || third.Leader != "b" || !third.Ready {
					return fmt.Sprintf("that b leads by a new slice, got %+v", third)
				}
				return ""
			})
			if third.Term < second.Term {
				t.Errorf("the term fell from %d to %d", second.Term, third.Term)
			}
			s.withReadyPod("web", "c")
			s.terminate("b")
			checkNextTerm(t, second, s.leads("web", "c"))
			checkNextTerm(t, third, s.leads("web", "c"))
		})
	}
}

func TestOneOfTwoInstallationsServesAService(t *testing.T) {
	installations := []*tanist{newTanist(t), newTanist(t)}
	installations[1].tune("commit: {backupDelay: 10ms}") // a tuning of its own
	replicas := []*replica{installations[0].startElected(), installations[1].startElected()}
	s := newNamespace(t)
	s.withService("web", func(service *corev1.Service) { service.Annotations[config.StickyKey] = "false" })
	s.withReadyPod("web", "pod-0")
	leader := s.leads("web", "pod-0")
	const n = 5
	for i := range n {
		s.withReadyPod("web", fmt.Sprint("pod-", i+1))
		s.terminate(fmt.Sprint("pod-", i))
		previous := leader
		if leader = s.leads("web", fmt.Sprint("pod-", i+1)); !s.next("web", previous, leader) {
			t.Errorf("got %+v after %+v", leader, previous)
		}
	}
	history.eventually(t, func() string {
		for _, i := range installations {
			if history.event("Warning", s.namespace, "web", "", i.namespace) {
				return ""
			}
		}
		return "a Warning that names the other installation"
	})
	history.eventually(t, func() string {
		counted := []float64{replicas[0].counter("tanist_handovers_total"), replicas[1].counter("tanist_handovers_total")}
		if max(counted[0], counted[1]) != n+1 || min(counted[0], counted[1]) != 0 {
			return fmt.Sprintf("%d hand-overs by one of the installations, got %v", n+1, counted)
		}
		return ""
	})
}
