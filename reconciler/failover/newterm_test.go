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

// termed changes the term of one family's slice as someone else would.
func termed(family discoveryv1.AddressType, term string) func(*input) {
	return onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.TermKey] = term })
}

func TestATermThatIsNotBelievedIsReplaced(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	remembered := func(term int64) func(*input) { return func(in *input) { in.record.HighestTerm = term } }
	mirroredTerm := func(term string) func(*input) {
		return func(in *input) { in.leaderService.Annotations = map[string]string{config.TermKey: term} }
	}
	created := func(in *input) { in.leaderService.CreationTimestamp = metav1.NewTime(gen.T0) }
	aMinuteAhead := newTerm + 40_000
	cases := map[string]struct {
		change []func(*input)
		want   int64
	}{
		"a valid term":             {want: 5},
		"the largest int64":        {change: []func(*input){termed(ipv4, "9223372036854775807")}, want: newTerm},
		"a number beyond int64":    {change: []func(*input){termed(ipv4, "9223372036854775808")}, want: newTerm},
		"the smallest int64":       {change: []func(*input){termed(ipv4, "-9223372036854775808")}, want: newTerm},
		"a negative number":        {change: []func(*input){termed(ipv4, "-5")}, want: newTerm},
		"no term":                  {change: []func(*input){termed(ipv4, "")}, want: newTerm},
		"a term that is no number": {change: []func(*input){termed(ipv4, "many")}, want: newTerm},
		"a term that is ahead of the time, but plausible":                                  {change: []func(*input){termed(ipv4, "1772366440000")}, want: aMinuteAhead},
		"a term below the highest that this replica remembers":                             {change: []func(*input){remembered(6)}, want: newTerm},
		"a term below the highest that this replica remembers, which is ahead of the time": {change: []func(*input){remembered(aMinuteAhead)}, want: aMinuteAhead + 1},
		"the highest term that this replica remembers is not plausible":                    {change: []func(*input){remembered(math.MaxInt64)}, want: 5},
		"a term below that of the leader Service":                                          {change: []func(*input){mirroredTerm("6")}, want: newTerm},
		"the term of the leader Service is not plausible":                                  {change: []func(*input){mirroredTerm("9223372036854775807")}, want: 5},
		"the term of the leader Service is unreadable":                                     {change: []func(*input){mirroredTerm("many")}, want: 5},
		"a term below that of the other family":                                            {change: []func(*input){termed(ipv6, "6")}, want: newTerm},
		"a term below that of the other family, which is ahead of the time":                {change: []func(*input){termed(ipv6, "1772366440000")}, want: aMinuteAhead + 1},
		"the term of the other family is not plausible":                                    {change: []func(*input){termed(ipv6, "9223372036854775807")}, want: 5},
		"no term, and a new leader Service":                                                {change: []func(*input){termed(ipv4, ""), termed(ipv6, ""), remembered(0), created}, want: newTerm + 2000},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := dual(leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
			for _, change := range test.change {
				change(&in)
			}
			p := decide(in, gen.T0)
			if p.after.Term != test.want || p.after.Leader.Name != "a1" || p.decision.Move {
				t.Errorf("%s leads with term %d, want a1 with %d", p.after.Leader.Name, p.after.Term, test.want)
			}
			for _, write := range p.writes {
				if got := leaderslice.ParseTerm(write.Desired.Annotations); got != test.want {
					t.Errorf("%s is written with term %d", write.Desired.Name, got)
				}
			}
			// The new term is plausible to every replica, so no replica writes again.
			next := carryOut(in, p)
			next.record.HighestTerm = p.after.Term
			if again := decide(next, gen.T0); len(again.writes) > 0 {
				t.Errorf("it is written again with term %d", again.after.Term)
			}
		})
	}
}

// A clock that was hours ahead left terms in the slice and in the leader cache that are not plausible once the clock is correct.
func TestATermIsWrittenOnceAfterAClockIsSetBack(t *testing.T) {
	ahead := gen.T0.Add(3 * time.Hour).UnixMilli()
	in := inputOf(leading("a1", ahead), []*corev1.Pod{gen.ReadyPod("a1")})
	p := decide(in, gen.T0)
	if p.after.Term != firstTerm("a1") || len(p.writes) != 1 {
		t.Fatalf("got term %d in %d writes, want %d", p.after.Term, len(p.writes), firstTerm("a1"))
	}
	next := carryOut(in, p)
	next.record.HighestTerm = ahead // the leader cache never lowers it
	if again := decide(next, gen.T0.Add(time.Second)); len(again.writes) > 0 {
		t.Errorf("it is written again with term %d", again.after.Term)
	}
}

func TestALeaderKnownByItsNameAloneGetsANewTerm(t *testing.T) {
	in := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeaderKey], slice.Endpoints = "b2", nil
		delete(slice.Annotations, config.BasisKey)
	})(&in)
	if p := decide(in, gen.T0); p.after.Leader.Name != "b2" || p.after.Term != newTerm {
		t.Errorf("%s leads with term %d, want b2 with %d", p.after.Leader.Name, p.after.Term, newTerm)
	}
}

// When a Service opts out and in again, or its leader Service is deleted, only the time is left to make terms grow.
func TestTermsGrowAfterEveryRecordOfThemIsLost(t *testing.T) {
	highest := int64(0)
	for i := range 5 {
		now := gen.T0.Add(time.Duration(i) * time.Second)
		in := inputOf(leaderslice.State{}, []*corev1.Pod{gen.ReadyPod("a1")})
		in.leaderService.CreationTimestamp = metav1.NewTime(now)
		p := decide(in, now)
		if p.after.Term <= highest {
			t.Errorf("term %d after %d", p.after.Term, highest)
		}
		highest = p.after.Term
	}
}
