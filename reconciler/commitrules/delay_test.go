package commitrules

import (
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	const delay = 50 * time.Millisecond
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	after := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	cases := map[string]struct {
		others time.Time
		now    time.Time
		delay  time.Duration
		want   time.Duration
	}{
		"the commit is needed since now":             {now: after(0), delay: delay, want: delay},
		"part of the delay has passed":               {now: after(20), delay: delay, want: 30 * time.Millisecond},
		"the delay has passed":                       {now: after(50), delay: delay},
		"others committed long before it was needed": {others: after(-200), now: after(20), delay: delay, want: 30 * time.Millisecond},
		"others committed before it was needed":      {others: after(-10), now: after(20), delay: delay, want: 170 * time.Millisecond},
		"others are committing":                      {others: after(40), now: after(50), delay: delay, want: 190 * time.Millisecond},
		"others stopped committing":                  {others: after(40), now: after(240), delay: delay},
		"others commit until the longest delay":      {others: after(990), now: after(995), delay: delay, want: 5 * time.Millisecond},
		"no delay":                                   {now: after(0)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Delay(start, test.others, BackupDelays(test.delay), test.now); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
