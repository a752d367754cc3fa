package failover

import (
	"math"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// termed is a slice whose term someone has changed.
func termed(family discoveryv1.AddressType, term string) func(*input) {
	return onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.TermKey] = term })
}

func TestATermThatIsNotBelievedIsReplaced(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	remembered := func(term int64) func(*input) { return func(s *input) { s.record.Highest = term } }
	mirroredTerm := func(term string) func(*input) {
		return func(s *input) { s.leaderService.Annotations = map[string]string{config.TermKey: term} }
	}
	created := func(s *input) { s.leaderService.CreationTimestamp = metav1.NewTime(gen.T0) }
	aMinuteAhead := NewTerm + 40_000
	cases := map[string]struct {
		change []func(*input)
		want   int64
	}{
		"a term that is right":            {want: 5},
		"the highest number":              {change: []func(*input){termed(ipv4, "9223372036854775807")}, want: NewTerm},
		"a number beyond all":             {change: []func(*input){termed(ipv4, "9223372036854775808")}, want: NewTerm},
		"the lowest number":               {change: []func(*input){termed(ipv4, "-9223372036854775808")}, want: NewTerm},
		"a negative one":                  {change: []func(*input){termed(ipv4, "-5")}, want: NewTerm},
		"none":                            {change: []func(*input){termed(ipv4, "")}, want: NewTerm},
		"no number":                       {change: []func(*input){termed(ipv4, "many")}, want: NewTerm},
		"one that is ahead, but believed": {change: []func(*input){termed(ipv4, "1772366440000")}, want: aMinuteAhead},
		"one that is below what this replica remembers":       {change: []func(*input){remembered(6)}, want: NewTerm},
		"one that is below what this replica remembers ahead": {change: []func(*input){remembered(aMinuteAhead)}, want: aMinuteAhead + 1},
		"what this replica remembers is not believed":         {change: []func(*input){remembered(math.MaxInt64)}, want: 5},
		"one that is below the leader Service's":              {change: []func(*input){mirroredTerm("6")}, want: NewTerm},
		"the leader Service's is not believed":                {change: []func(*input){mirroredTerm("9223372036854775807")}, want: 5},
		"the leader Service's cannot be read":                 {change: []func(*input){mirroredTerm("many")}, want: 5},
		"one that is below the other family's":                {change: []func(*input){termed(ipv6, "6")}, want: NewTerm},
		"one that is below the other family's ahead":          {change: []func(*input){termed(ipv6, "1772366440000")}, want: aMinuteAhead + 1},
		"the other family's is not believed":                  {change: []func(*input){termed(ipv6, "9223372036854775807")}, want: 5},
		"none, of a new leader Service":                       {change: []func(*input){termed(ipv4, ""), termed(ipv6, ""), remembered(0), created}, want: NewTerm + 2000},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := dual(leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
			for _, change := range test.change {
				change(&s)
			}
			p := decide(s, gen.T0)
			if p.after.Term != test.want || p.after.Leader.Name != "a1" || p.decision.Move {
				t.Errorf("%s leads with term %d, want a1 with %d", p.after.Leader.Name, p.after.Term, test.want)
			}
			for _, write := range p.writes {
				if got := leaderslice.ParseTerm(write.Desired.Annotations); got != test.want {
					t.Errorf("%s is written with term %d", write.Desired.Name, got)
				}
			}
			// What is written is believed by every replica, so that it is written once.
			next := carryOut(s, p)
			next.record.Highest = p.after.Term
			if again := decide(next, gen.T0); len(again.writes) > 0 {
				t.Errorf("it is written again with term %d", again.after.Term)
			}
		})
	}
}

// A clock that was hours ahead left terms, in the slice and in memory, that are not believed once it is right.
func TestATermIsWrittenOnceAfterAClockWasSetBack(t *testing.T) {
	ahead := gen.T0.Add(3 * time.Hour).UnixMilli()
	s := inputOf(leading("a1", ahead), []*corev1.Pod{gen.ReadyPod("a1")})
	p := decide(s, gen.T0)
	if p.after.Term != firstTerm || len(p.writes) != 1 {
		t.Fatalf("got term %d in %d writes, want %d", p.after.Term, len(p.writes), firstTerm)
	}
	next := carryOut(s, p)
	next.record.Highest = ahead // a memory only grows
	if again := decide(next, gen.T0.Add(time.Second)); len(again.writes) > 0 {
		t.Errorf("it is written again with term %d", again.after.Term)
	}
}

func TestALeaderOfWhomOnlyTheNameIsLeftHasANewTerm(t *testing.T) {
	s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeaderKey], slice.Endpoints = "b2", nil
		delete(slice.Annotations, config.BasisKey)
	})(&s)
	if p := decide(s, gen.T0); p.after.Leader.Name != "b2" || p.after.Term != NewTerm {
		t.Errorf("%s leads with term %d, want b2 with %d", p.after.Leader.Name, p.after.Term, NewTerm)
	}
}

// A Service that opts out and in again, or whose leader Service was deleted, has nothing left but the time.
func TestTermsGrowOverTheLossOfAllMemory(t *testing.T) {
	highest := int64(0)
	for i := range 5 {
		now := gen.T0.Add(time.Duration(i) * time.Second)
		s := inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1")})
		s.leaderService.CreationTimestamp = metav1.NewTime(now)
		p := decide(s, now)
		if p.after.Term <= highest {
			t.Errorf("term %d after %d", p.after.Term, highest)
		}
		highest = p.after.Term
	}
}
