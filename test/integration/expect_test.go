//go:build integration

package integration_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

// leadership is what a slice says.
type leadership struct {
	Leader string
	Term   int64
	Reason string
	// Ready is the endpoint's condition; false without an endpoint.
	Ready   bool
	Address string
	Port    int32
}

func leadershipOf(slice *discoveryv1.EndpointSlice) leadership {
	if slice == nil {
		return leadership{}
	}
	term, _ := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	l := leadership{Leader: slice.Annotations[config.LeaderKey], Term: term, Reason: slice.Annotations[config.ReasonKey]}
	if len(slice.Endpoints) == 1 {
		l.Ready, l.Address = *slice.Endpoints[0].Conditions.Ready, slice.Endpoints[0].Addresses[0]
	}
	if len(slice.Ports) > 0 {
		l.Port = *slice.Ports[0].Port
	}
	return l
}

// leads waits until a pod leads a Service and is ready, and returns what the slice says.
func (s *testNamespace) leads(service, pod string) leadership {
	s.t.Helper()
	return s.says(service, fmt.Sprintf("%s leads", pod), func(l leadership) bool { return l.Leader == pod && l.Ready })
}

// nobodyLeads waits until there is a slice without an endpoint.
func (s *testNamespace) nobodyLeads(service string) leadership {
	s.t.Helper()
	return s.says(service, "no pod leads", func(l leadership) bool { return l.Leader == "" && l.Address == "" })
}

// says waits until holds accepts what the IPv4 slice of a Service's default leader Service says.
func (s *testNamespace) says(service, what string, holds func(leadership) bool) leadership {
	s.t.Helper()
	var got leadership
	history.eventually(s.t, func() string {
		slice := history.slice(s.namespace, service+"-leader-ipv4")
		got = leadershipOf(slice)
		if slice == nil || !holds(got) {
			return fmt.Sprintf("want: %s; got: %+v", what, got)
		}
		return ""
	})
	return got
}

// next reports whether a leadership directly follows another one: its term is higher, and there was no term between them.
func (s *testNamespace) next(service string, before, after leadership) bool {
	s.t.Helper()
	for _, v := range history.all("EndpointSlice", s.namespace) {
		if v.key != s.namespace+"/"+service+"-leader-ipv4" {
			continue
		}
		if term := leadershipOf(v.object.(*discoveryv1.EndpointSlice)).Term; term > before.Term && term < after.Term {
			s.t.Errorf("there was a term %d between %d and %d", term, before.Term, after.Term)
			return false
		}
	}
	return after.Term > before.Term
}

// keeps compares a leadership with the one before its slice was damaged, deleted or renamed. The same pod must lead, with the same term
// or a later one, for whatever reason.
func (l leadership) keeps(before leadership) (diff string) {
	if l.Term > before.Term {
		before.Term, before.Reason = l.Term, l.Reason
	}
	return cmp.Diff(before, l)
}

// stays checks that a slice still says the same.
func (s *testNamespace) stays(service string, want leadership) {
	s.t.Helper()
	if diff := cmp.Diff(want, leadershipOf(history.slice(s.namespace, service+"-leader-ipv4"))); diff != "" {
		s.t.Errorf("the leadership has changed (-want +got):\n%s", diff)
	}
}

// warned waits for a Warning about an object whose note contains a text.
func (s *testNamespace) warned(about, reason, contains string) {
	s.t.Helper()
	awaitEvent(s.t, corev1.EventTypeWarning, s.namespace, about, reason, contains)
}

// reported waits for a Normal Event about an object whose note contains a text.
func (s *testNamespace) reported(about, reason, contains string) {
	s.t.Helper()
	awaitEvent(s.t, corev1.EventTypeNormal, s.namespace, about, reason, contains)
}

// awaitEvent waits for an Event about an object, with the reason (any if empty) and with a note that contains a text.
func awaitEvent(t *testing.T, kind, namespace, about, reason, contains string) {
	t.Helper()
	history.eventually(t, func() string {
		if !history.event(kind, namespace, about, reason, contains) {
			return fmt.Sprintf("a %s Event %s about %s that says %q", kind, reason, about, contains)
		}
		return ""
	})
}

// exists waits until a Service exists and is as wanted.
func (s *testNamespace) exists(name string, holds ...func(*corev1.Service) (missing string)) *corev1.Service {
	s.t.Helper()
	var service *corev1.Service
	history.eventually(s.t, func() string {
		if service = history.service(s.namespace, name); service == nil {
			return "Service " + name
		}
		for _, holds := range holds {
			if missing := holds(service); missing != "" {
				return missing
			}
		}
		return ""
	})
	return service
}

// isGone waits until a Service and its slices are gone.
func (s *testNamespace) isGone(name string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if history.service(s.namespace, name) != nil {
			return "that Service " + name + " goes"
		}
		for _, family := range []string{"-ipv4", "-ipv6"} {
			if history.slice(s.namespace, name+family) != nil {
				return "that slice " + name + family + " goes"
			}
		}
		return ""
	})
}

// versionsOf returns how often an object was written.
func (s *testNamespace) versionsOf(kind, name string) int {
	n := 0
	for _, v := range history.all(kind, s.namespace) {
		if v.key == s.namespace+"/"+name {
			n++
		}
	}
	return n
}
