package observe

import (
	"testing"
	"time"
)

func TestTheFairClockLeavesOutRest(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := NewFairClock(at)
	c.Skip(at.Add(time.Second))
	c.Advance(at.Add(time.Second + Tick))
	if c.Now() != Tick || c.Uncounted() != 0 || c.LastStall() != -1 {
		t.Errorf("after a second of rest and a tick, the clock says %s, %s stalled, the last stall ended at %s; want a tick and no stall", c.Now(), c.Uncounted(), c.LastStall())
	}
}

func TestTheFairClockCountsTimeInWhichTheProcessRan(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		gaps                 []time.Duration
		wantNow, wantStalled time.Duration
		wantLastStall        time.Duration
	}{
		"regular ticks": {gaps: []time.Duration{Tick, Tick, Tick}, wantNow: 3 * Tick, wantLastStall: -1},
		"a late tick":   {gaps: []time.Duration{Tick, 35 * time.Millisecond}, wantNow: 55 * time.Millisecond, wantLastStall: -1},
		"a process that was stopped": {
			gaps: []time.Duration{Tick, 10 * time.Second, Tick}, wantNow: 80 * time.Millisecond,
			wantStalled: 10*time.Second - 2*Tick, wantLastStall: 60 * time.Millisecond,
		},
		"a clock that goes back": {gaps: []time.Duration{Tick, -time.Second, Tick}, wantNow: 2 * Tick, wantLastStall: -1},
	} {
		t.Run(name, func(t *testing.T) {
			at := start
			c := NewFairClock(at)
			for _, gap := range test.gaps {
				at = at.Add(gap)
				c.Advance(at)
			}
			if c.Now() != test.wantNow || c.Uncounted() != test.wantStalled || c.LastStall() != test.wantLastStall {
				t.Errorf("the clock says %s, %s stalled, the last stall ended at %s; want %s, %s, %s",
					c.Now(), c.Uncounted(), c.LastStall(), test.wantNow, test.wantStalled, test.wantLastStall)
			}
		})
	}
}
