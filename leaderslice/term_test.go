package leaderslice

import (
	"math"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestPlausibleTerm(t *testing.T) {
	for name, test := range map[string]struct {
		term int64
		want bool
	}{
		"a small number, as of earlier versions": {term: 5, want: true},
		"one":                                    {term: 1, want: true},
		"the time":                               {term: gen.T0.UnixMilli(), want: true},
		"a minute ahead":                         {term: gen.T0.UnixMilli() + 60_000, want: true},
		"more than a minute ahead":               {term: gen.T0.UnixMilli() + 60_001},
		"zero":                                   {term: 0},
		"negative":                               {term: -5},
		"the highest number":                     {term: math.MaxInt64},
		"the lowest number":                      {term: math.MinInt64},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PlausibleTerm(test.term, gen.T0); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestNextTerm(t *testing.T) {
	longAgo := gen.T0.Add(-time.Hour)
	for name, test := range map[string]struct {
		highest  int64
		created  time.Time
		recorded bool
		want     int64
	}{
		"the previous one is in the past":                                    {highest: gen.T0.UnixMilli() - 5000, created: longAgo, recorded: true, want: gen.T0.UnixMilli()},
		"the previous one is small":                                          {highest: 5, created: longAgo, recorded: true, want: gen.T0.UnixMilli()},
		"another one in the same millisecond":                                {highest: gen.T0.UnixMilli(), created: longAgo, recorded: true, want: gen.T0.UnixMilli() + 1},
		"the clock has been set back":                                        {highest: gen.T0.UnixMilli() + 59_000, created: longAgo, recorded: true, want: gen.T0.UnixMilli() + 59_001},
		"the leader Service is new":                                          {highest: 5, created: gen.T0, recorded: true, want: gen.T0.UnixMilli() + 2000},
		"nothing is recorded":                                                {created: longAgo, want: gen.T0.UnixMilli() + 2000},
		"the API server's clock is ahead":                                    {created: gen.T0.Add(time.Second), want: gen.T0.UnixMilli() + 3000},
		"nothing is recorded, and the highest term is ahead of the time":     {highest: gen.T0.UnixMilli() + 2000, created: longAgo, want: gen.T0.UnixMilli() + 2100},
		"nothing is recorded, and the highest term is not ahead of the time": {highest: gen.T0.UnixMilli() - 1, created: longAgo, want: gen.T0.UnixMilli() + 2000},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NextTerm(test.highest, test.created, gen.T0, test.recorded, ""); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestLeadersThatKnowNothingOfEachOtherHaveTermsOfTheirOwn(t *testing.T) {
	created := gen.T0.Add(time.Minute) // the clock is slow
	first := func(leader types.UID) int64 { return NextTerm(0, created, gen.T0, false, leader) }
	if a, again, b := first("a"), first("a"), first("b"); a == b || a != again {
		t.Errorf("the first terms of two leaders are %d and %d, then %d for the first one, want one for each", a, b, again)
	}
	earliest := created.Add(FirstTermLead).UnixMilli()
	if got := first("a"); got < earliest || got >= earliest+maxOwnTerms {
		t.Errorf("the first term is %d, want one from %d to %d", got, earliest, earliest+maxOwnTerms)
	}
	if got, want := NextTerm(5, created, gen.T0, true, "a"), NextTerm(5, created, gen.T0, true, "b"); got != want {
		t.Errorf("the term after one that is recorded is %d or %d, want the same whoever leads", got, want)
	}
}
