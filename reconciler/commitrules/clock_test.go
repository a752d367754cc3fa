package commitrules

import (
	"testing"
	"time"
)

func TestTheClockFollowsTheAPIServer(t *testing.T) {
	local := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// answer is an answer to a request that was sent at a local time and took 20 ms, from an API server whose clock is ahead. Both are in
	// milliseconds.
	type answer struct{ at, ahead int }
	cases := map[string]struct {
		answers     []answer
		least, most time.Duration
	}{
		"no answer":                  {nil, 0, 0},
		"clocks that agree":          {[]answer{{0, 0}, {300, 0}, {700, 0}}, 0, 0},
		"a clock ten seconds behind": {[]answer{{0, 10_000}, {300, 10_000}, {900, 10_000}}, 9500 * time.Millisecond, 10 * time.Second},
		"a clock ten seconds ahead":  {[]answer{{0, -10_000}, {300, -10_000}, {900, -10_000}}, -10 * time.Second, -9500 * time.Millisecond},
		"a clock that was set":       {[]answer{{0, 10_000}, {500, 10_000}, {1000, 0}}, 0, 0},
		"a clock that drifts":        {[]answer{{0, 2000}, {61_000, 5000}}, 4 * time.Second, 5 * time.Second},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var c Clock
			for _, a := range test.answers {
				sent := local.Add(time.Duration(a.at) * time.Millisecond)
				received := sent.Add(20 * time.Millisecond)
				c.observe(sent, sent.Add(time.Duration(a.ahead+10)*time.Millisecond).Truncate(time.Second), received)
			}
			if got := c.correction(); got < test.least || got > test.most {
				t.Errorf("the correction is %s, want %s to %s", got, test.least, test.most)
			}
		})
	}
}
