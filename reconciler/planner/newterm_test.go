package planner

import (
	"math"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// termed changes the term of one family's slice as someone else would.
func termed(family discoveryv1.AddressType, term string) func(*Input) {
	return onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.TermKey] = term })
}

func TestATermThatIsNotBelievedIsReplaced(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	remembered := func(term int64) func(*Input) { return func(in *Input) { in.Record.HighestTerm = term } }
	mirroredTerm := func(term string) func(*Input) {
		return func(in *Input) { in.LeaderService.Annotations = map[string]string{config.TermKey: term} }
	}
	created := func(in *Input) { in.LeaderService.CreationTimestamp = metav1.NewTime(gen.T0) }
	aMinuteAhead := newTerm + 40_000
	cases := map[string]struct {
		change []func(*Input)
		want   int64
	}{
		"a valid term":             {want: 5},
		"the largest int64":        {change: []func(*Input){termed(ipv4, "9223372036854775807")}, want: newTerm},
		"a number beyond int64":    {change: []func(*Input){termed(ipv4, "9223372036854775808")}, want: newTerm},
		"the smallest int64":       {change: []func(*Input){termed(ipv4, "-9223372036854775808")}, want: newTerm},
		"a negative number":        {change: []func(*Input){termed(ipv4, "-5")}, want: newTerm},
		"no term":                  {change: []func(*Input){termed(ipv4, "")}, want: newTerm},
		"a term that is no number": {change: []func(*Input){termed(ipv4, "many")}, want: newTerm},
		"a term that is ahead of the time, but plausible":                                  {change: []func(*Input){termed(ipv4, "1772366440000")}, want: aMinuteAhead},
		"a term below the highest that this replica remembers":                             {change: []func(*Input){remembered(6)}, want: newTerm},
		"a term below the highest that this replica remembers, which is ahead of the time": {change: []func(*Input){remembered(aMinuteAhead)}, want: aMinuteAhead + 1},
		"the highest term that this replica remembers is not plausible":                    {change: []func(*Input){remembered(math.MaxInt64)}, want: 5},
		"a term below that of the leader Service":                                          {change: []func(*Input){mirroredTerm("6")}, want: newTerm},
		"the term of the leader Service is not plausible":                                  {change: []func(*Input){mirroredTerm("9223372036854775807")}, want: 5},
		"the term of the leader Service is unreadable":                                     {change: []func(*Input){mirroredTerm("many")}, want: 5},
		"a term below that of the other family":                                            {change: []func(*Input){termed(ipv6, "6")}, want: newTerm},
		"a term below that of the other family, which is ahead of the time":                {change: []func(*Input){termed(ipv6, "1772366440000")}, want: aMinuteAhead + 1},
		"the term of the other family is not plausible":                                    {change: []func(*Input){termed(ipv6, "9223372036854775807")}, want: 5},
		"no term, and a new leader Service":                                                {change: []func(*Input){termed(ipv4, ""), termed(ipv6, ""), remembered(0), created}, want: newTerm + 2000},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
			for _, change := range test.change {
				change(&in)
			}
			p := Decide(in, gen.T0)
			if p.After.Term != test.want || p.After.Leader.Name != "a1" || p.Decision.Move {
				t.Errorf("%s leads with term %d, want a1 with %d", p.After.Leader.Name, p.After.Term, test.want)
			}
			for _, write := range p.Writes {
				if got := leaderslice.ParseTerm(write.Desired.Annotations); got != test.want {
					t.Errorf("%s is written with term %d", write.Desired.Name, got)
				}
			}
			// The new term is plausible to every replica, so no replica writes again.
			next := carryOut(in, p)
			next.Record.HighestTerm = p.After.Term
			if again := Decide(next, gen.T0); len(again.Writes) > 0 {
				t.Errorf("it is written again with term %d", again.After.Term)
			}
		})
	}
}

// A clock that was hours ahead left terms in the slice and in the leader cache that are not plausible once the clock is correct.
func TestATermIsWrittenOnceAfterAClockIsSetBack(t *testing.T) {
	ahead := gen.T0.Add(3 * time.Hour).UnixMilli()
	in := inputOf(dummy.Leading("a1", ahead), []*corev1.Pod{gen.ReadyPod("a1")})
	p := Decide(in, gen.T0)
	if p.After.Term != firstTerm("a1") || len(p.Writes) != 1 {
		t.Fatalf("got term %d in %d writes, want %d", p.After.Term, len(p.Writes), firstTerm("a1"))
	}
	next := carryOut(in, p)
	next.Record.HighestTerm = ahead // the leader cache never lowers it
	if again := Decide(next, gen.T0.Add(time.Second)); len(again.Writes) > 0 {
		t.Errorf("it is written again with term %d", again.After.Term)
	}
}

func TestALeaderKnownByItsNameAloneGetsANewTerm(t *testing.T) {
	in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeaderKey], slice.Endpoints = "b2", nil
		delete(slice.Annotations, config.BasisKey)
	})(&in)
	if p := Decide(in, gen.T0); p.After.Leader.Name != "b2" || p.After.Term != newTerm {
		t.Errorf("%s leads with term %d, want b2 with %d", p.After.Leader.Name, p.After.Term, newTerm)
	}
}

// When a Service opts out and in again, or its leader Service is deleted, only the time is left to make terms grow.
func TestTermsGrowAfterEveryRecordOfThemIsLost(t *testing.T) {
	highest := int64(0)
	for i := range 5 {
		now := gen.T0.Add(time.Duration(i) * time.Second)
		in := inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1")})
		in.LeaderService.CreationTimestamp = metav1.NewTime(now)
		p := Decide(in, now)
		if p.After.Term <= highest {
			t.Errorf("term %d after %d", p.After.Term, highest)
		}
		highest = p.After.Term
	}
}
