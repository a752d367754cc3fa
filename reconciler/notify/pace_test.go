package notify

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestPaceRemaining(t *testing.T) {
	cases := map[string]struct {
		writes int
		after  time.Duration
		want   time.Duration
	}{
		"nothing was written":            {want: 0},
		"a few writes":                   {writes: paceBurst - 1, want: 0},
		"a whole burst":                  {writes: paceBurst, want: paceInterval},
		"more than a burst":              {writes: 3 * paceBurst, want: paceInterval},
		"a burst, and half the interval": {writes: paceBurst, after: paceInterval / 2, want: paceInterval / 2},
		"a burst, and the interval":      {writes: paceBurst, after: paceInterval + time.Millisecond, want: 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pace := NewPace()
			for range test.writes {
				pace.Record(gen.ShopWeb, gen.T0)
			}
			got := pace.Remaining(gen.ShopWeb, gen.T0.Add(test.after))
			if diff := got - test.want; diff < -time.Microsecond || diff > time.Microsecond {
				t.Errorf("the next write waits %s, want %s", got, test.want)
			}
			if other := pace.Remaining(types.NamespacedName{Namespace: "shop", Name: "other"}, gen.T0); other != 0 {
				t.Errorf("another Service waits %s", other)
			}
		})
	}
}

func TestAServiceThatWritesWheneverItMayIsSlowedToTheRate(t *testing.T) {
	pace, now, writes, episodes := NewPace(), gen.T0, 0, 0
	for now.Sub(gen.T0) < time.Minute {
		wait := pace.Remaining(gen.ShopWeb, now)
		if wait == 0 {
			pace.Record(gen.ShopWeb, now)
			writes++
		} else if pace.Slowed(gen.ShopWeb) {
			episodes++
		}
		now = now.Add(max(wait, time.Millisecond))
	}
	if most := paceBurst + 3*60 + 1; writes > most || writes < most-3 {
		t.Errorf("%d writes in a minute, want about %d", writes, most)
	}
	if episodes != 1 {
		t.Errorf("%d episodes, want one as long as it goes on", episodes)
	}
}

func TestAnEpisodeEndsWhenTheLimitHasRecovered(t *testing.T) {
	pace := NewPace()
	for n, start := range []time.Time{gen.T0, gen.T0.Add(time.Minute)} {
		for range paceBurst {
			pace.Record(gen.ShopWeb, start)
		}
		if !pace.Slowed(gen.ShopWeb) {
			t.Errorf("episode %d is not told", n)
		}
	}
}

func TestPaceForgetsServicesThatHaveRecovered(t *testing.T) {
	pace := NewPace()
	for n := range 100 {
		pace.Record(types.NamespacedName{Namespace: "shop", Name: fmt.Sprint(n)}, gen.T0)
	}
	pace.Record(gen.ShopWeb, gen.T0.Add(time.Minute))
	if got := len(pace.services); got != 1 {
		t.Errorf("%d Services are remembered, want only the last", got)
	}
}
