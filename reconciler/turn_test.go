package reconciler

import (
	"testing"
	"time"
)

func TestTurn(t *testing.T) {
	const delay = 50 * time.Millisecond
	ago := func(d time.Duration) time.Time { return t0.Add(-d) }
	cases := map[string]struct {
		elected bool
		seen    sighting
		want    time.Duration
	}{
		"the holder of the Lease commits at once": {elected: true, seen: sighting{needed: t0, atWork: t0}, want: 0},
		"another replica waits from when it saw the need": {
			seen: sighting{needed: ago(20 * time.Millisecond)}, want: 30 * time.Millisecond,
		},
		"another replica commits when nobody has": {seen: sighting{needed: ago(delay)}, want: 0},
		"another replica waits on while the first is at work": {
			seen: sighting{needed: ago(2 * delay), atWork: ago(10 * time.Millisecond)}, want: 40 * time.Millisecond,
		},
		"what was done before the need is no sign of life": {
			seen: sighting{needed: ago(20 * time.Millisecond), atWork: ago(time.Second)}, want: 30 * time.Millisecond,
		},
		"however busy the first is, another replica commits in the end": {
			seen: sighting{needed: ago(patience*delay - 10*time.Millisecond), atWork: t0}, want: 10 * time.Millisecond,
		},
		"the holder of the Lease does not overrule another at once": {
			elected: true, seen: sighting{needed: t0, foreign: ago(10 * time.Millisecond)}, want: 40 * time.Millisecond,
		},
		"the holder of the Lease overrules another after the delay": {
			elected: true, seen: sighting{needed: t0, foreign: ago(delay)}, want: 0,
		},
		"while its view of the pods is the older one, the holder of the Lease does not overrule another": {
			elected: true, seen: sighting{needed: t0, foreign: ago(time.Second), behind: true}, want: delay,
		},
		"a version that someone made up does not stop Tanist": {
			elected: true, seen: sighting{needed: t0, foreign: ago(time.Minute), behind: true}, want: 0,
		},
		"another replica waits for both": {
			seen: sighting{needed: ago(40 * time.Millisecond), foreign: ago(10 * time.Millisecond)}, want: 40 * time.Millisecond,
		},
		"an old commit of another's does not shorten the wait": {
			seen: sighting{needed: ago(20 * time.Millisecond), foreign: ago(time.Hour)}, want: 30 * time.Millisecond,
		},
		"a need that has been there for long is committed immediately": {seen: sighting{needed: ago(time.Hour)}, want: 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := turn(test.elected, test.seen, delay, t0); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
