package reconciler

import (
	"math"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

func TestBelievable(t *testing.T) {
	for name, test := range map[string]struct {
		term int64
		want bool
	}{
		"one that was counted, as earlier versions did": {term: 5, want: true},
		"the first that can be":                         {term: 1, want: true},
		"the time":                                      {term: newTerm, want: true},
		"a minute ahead":                                {term: newTerm + 60_000, want: true},
		"more than a minute ahead":                      {term: newTerm + 60_001},
		"nothing":                                       {term: 0},
		"negative":                                      {term: -5},
		"the highest number":                            {term: math.MaxInt64},
		"the lowest number":                             {term: math.MinInt64},
	} {
		t.Run(name, func(t *testing.T) {
			if got := believable(test.term, t0); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestTheNextTerm(t *testing.T) {
	longAgo := t0.Add(-time.Hour)
	for name, test := range map[string]struct {
		highest  int64
		created  time.Time
		recorded bool
		want     int64
	}{
		"it is the time":                                {highest: newTerm - 5000, created: longAgo, recorded: true, want: newTerm},
		"a small one goes over into the time":           {highest: 5, created: longAgo, recorded: true, want: newTerm},
		"it grows within a millisecond":                 {highest: newTerm, created: longAgo, recorded: true, want: newTerm + 1},
		"it grows although the clock has been set back": {highest: newTerm + 59_000, created: longAgo, recorded: true, want: newTerm + 59_001},
		"the leader Service is new":                     {highest: 5, created: t0, recorded: true, want: newTerm + 2000},
		"nothing is recorded":                           {created: longAgo, want: newTerm + 2000},
		"the API server's clock is ahead":               {created: t0.Add(time.Second), want: newTerm + 3000},
		"a slice that someone deletes again and again":  {highest: newTerm + 2000, created: longAgo, want: newTerm + 2100},
		"what was seen is not ahead of the time":        {highest: newTerm - 1, created: longAgo, want: newTerm + 2000},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nextTerm(test.highest, test.created, t0, test.recorded); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// termed is a slice whose term someone has changed.
func termed(family discoveryv1.AddressType, term string) func(*situation) {
	return onSlice(family, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[config.TermKey] = term })
}

func TestATermThatIsNotBelievedIsReplaced(t *testing.T) {
	const ipv4, ipv6 = discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6
	remembered := func(term int64) func(*situation) { return func(s *situation) { s.record.Highest = term } }
	mirroredTerm := func(term string) func(*situation) {
		return func(s *situation) { s.leaderService.Annotations = map[string]string{config.TermKey: term} }
	}
	created := func(s *situation) { s.leaderService.CreationTimestamp = metav1.NewTime(t0) }
	aMinuteAhead := newTerm + 40_000
	cases := map[string]struct {
		change []func(*situation)
		want   int64
	}{
		"a term that is right":            {want: 5},
		"the highest number":              {change: []func(*situation){termed(ipv4, "9223372036854775807")}, want: newTerm},
		"a number beyond all":             {change: []func(*situation){termed(ipv4, "9223372036854775808")}, want: newTerm},
		"the lowest number":               {change: []func(*situation){termed(ipv4, "-9223372036854775808")}, want: newTerm},
		"a negative one":                  {change: []func(*situation){termed(ipv4, "-5")}, want: newTerm},
		"none":                            {change: []func(*situation){termed(ipv4, "")}, want: newTerm},
		"no number":                       {change: []func(*situation){termed(ipv4, "many")}, want: newTerm},
		"one that is ahead, but believed": {change: []func(*situation){termed(ipv4, "1772366440000")}, want: aMinuteAhead},
		"one that is below what this replica remembers":       {change: []func(*situation){remembered(6)}, want: newTerm},
		"one that is below what this replica remembers ahead": {change: []func(*situation){remembered(aMinuteAhead)}, want: aMinuteAhead + 1},
		"what this replica remembers is not believed":         {change: []func(*situation){remembered(math.MaxInt64)}, want: 5},
		"one that is below the leader Service's":              {change: []func(*situation){mirroredTerm("6")}, want: newTerm},
		"the leader Service's is not believed":                {change: []func(*situation){mirroredTerm("9223372036854775807")}, want: 5},
		"the leader Service's cannot be read":                 {change: []func(*situation){mirroredTerm("many")}, want: 5},
		"one that is below the other family's":                {change: []func(*situation){termed(ipv6, "6")}, want: newTerm},
		"one that is below the other family's ahead":          {change: []func(*situation){termed(ipv6, "1772366440000")}, want: aMinuteAhead + 1},
		"the other family's is not believed":                  {change: []func(*situation){termed(ipv6, "9223372036854775807")}, want: 5},
		"none, of a new leader Service":                       {change: []func(*situation){termed(ipv4, ""), termed(ipv6, ""), remembered(0), created}, want: newTerm + 2000},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := dual(leading("a1", 5), readyPod("a1"), readyPod("b2"))
			for _, change := range test.change {
				change(&s)
			}
			p := decide(s, t0)
			if p.after.Term != test.want || p.after.Leader.Name != "a1" || p.decision.Move {
				t.Errorf("%s leads with term %d, want a1 with %d", p.after.Leader.Name, p.after.Term, test.want)
			}
			for _, write := range p.writes {
				if got := parseTerm(write.Desired.Annotations); got != test.want {
					t.Errorf("%s is written with term %d", write.Desired.Name, got)
				}
			}
			// What is written is believed by every replica, so that it is written once.
			next := carryOut(s, p)
			next.record.Highest = p.after.Term
			if again := decide(next, t0); len(again.writes) > 0 {
				t.Errorf("it is written again with term %d", again.after.Term)
			}
		})
	}
}

// A clock that was hours ahead left terms, in the slice and in memory, that are not believed once it is right.
func TestATermIsWrittenOnceAfterAClockWasSetBack(t *testing.T) {
	ahead := t0.Add(3 * time.Hour).UnixMilli()
	s := situationOf(leading("a1", ahead), []*corev1.Pod{readyPod("a1")})
	p := decide(s, t0)
	if p.after.Term != firstTerm || len(p.writes) != 1 {
		t.Fatalf("got term %d in %d writes, want %d", p.after.Term, len(p.writes), firstTerm)
	}
	next := carryOut(s, p)
	next.record.Highest = ahead // a memory only grows
	if again := decide(next, t0.Add(time.Second)); len(again.writes) > 0 {
		t.Errorf("it is written again with term %d", again.after.Term)
	}
}

func TestALeaderOfWhomOnlyTheNameIsLeftHasANewTerm(t *testing.T) {
	s := situationOf(leading("a1", 5), []*corev1.Pod{readyPod("a1"), readyPod("b2")})
	onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Annotations[config.LeaderKey], slice.Endpoints = "b2", nil
		delete(slice.Annotations, config.BasisKey)
	})(&s)
	if p := decide(s, t0); p.after.Leader.Name != "b2" || p.after.Term != newTerm {
		t.Errorf("%s leads with term %d, want b2 with %d", p.after.Leader.Name, p.after.Term, newTerm)
	}
}

// A Service that opts out and in again, or whose leader Service was deleted, has nothing left but the time.
func TestTermsGrowOverTheLossOfAllMemory(t *testing.T) {
	highest := int64(0)
	for i := range 5 {
		now := t0.Add(time.Duration(i) * time.Second)
		s := situationOf(cache.State{}, []*corev1.Pod{readyPod("a1")})
		s.leaderService.CreationTimestamp = metav1.NewTime(now)
		p := decide(s, now)
		if p.after.Term <= highest {
			t.Errorf("term %d after %d", p.after.Term, highest)
		}
		highest = p.after.Term
	}
}
