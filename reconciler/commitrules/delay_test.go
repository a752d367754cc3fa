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
		took   time.Duration
		now    time.Time
		delay  time.Duration
		want   time.Duration
	}{
		"the commit is needed since now":                  {now: after(0), delay: delay, want: delay},
		"part of the delay has passed":                    {now: after(20), delay: delay, want: 30 * time.Millisecond},
		"the delay has passed":                            {now: after(50), delay: delay},
		"others committed before it was needed":           {others: after(-10), now: after(20), delay: delay, want: 30 * time.Millisecond},
		"others are committing":                           {others: after(40), now: after(50), delay: delay, want: 40 * time.Millisecond},
		"others stopped committing":                       {others: after(40), now: after(90), delay: delay},
		"others commit until the longest delay":           {others: after(990), now: after(995), delay: delay, want: 5 * time.Millisecond},
		"others took less than half of the delay":         {others: after(-10), took: 20 * time.Millisecond, now: after(0), delay: delay, want: delay},
		"others took longer":                              {others: after(-10), took: 70 * time.Millisecond, now: after(20), delay: delay, want: 120 * time.Millisecond},
		"others took longer, and are committing":          {others: after(40), took: 70 * time.Millisecond, now: after(50), delay: delay, want: 130 * time.Millisecond},
		"others took longer than the longest delay":       {others: after(-10), took: time.Second, now: after(0), delay: delay, want: time.Second},
		"others took longer, and may be gone since":       {others: after(-1000), took: time.Second, now: after(0), delay: delay, want: delay},
		"others took longer, but there is to be no delay": {others: after(0), took: time.Second, now: after(0)},
		"no delay": {now: after(0)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Delay(start, test.others, test.took, test.delay, test.now); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
