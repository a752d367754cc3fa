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

// flappingServices writes for many Services of a namespace whenever they may, for a minute, and returns how often it wrote for each.
func flappingServices(pace *Pace, services int) (writes map[types.NamespacedName]int) {
	writes = map[types.NamespacedName]int{}
	for now := gen.T0; now.Sub(gen.T0) < time.Minute; now = now.Add(100 * time.Millisecond) {
		for n := range services {
			key := types.NamespacedName{Namespace: gen.ShopWeb.Namespace, Name: fmt.Sprint(n)}
			if pace.Remaining(key, now) == 0 {
				pace.Record(key, now)
				writes[key]++
			}
		}
	}
	return writes
}

func TestServicesOfANamespaceShareALimit(t *testing.T) {
	const services = 200
	var all, fewest, most int
	for _, n := range flappingServices(NewPace(), services) {
		if all == 0 || n < fewest {
			fewest = n
		}
		all, most = all+n, max(most, n)
	}
	want := services*(freeBurst+int(time.Minute/freeInterval)) + sharedBurst + int(time.Minute/sharedInterval)
	if all > want || all < want*9/10 {
		t.Errorf("%d writes in a minute, want about %d", all, want)
	}
	if fewest < most/2 {
		t.Errorf("one Service is written %d times, another one %d times", fewest, most)
	}
}

func TestTheLimitOfANamespaceDelaysNoServiceThatIsSeldomWritten(t *testing.T) {
	pace, end := NewPace(), gen.T0.Add(time.Minute)
	flappingServices(pace, 200)
	for range freeBurst {
		if wait := pace.Remaining(gen.ShopWeb, end); wait != 0 {
			t.Errorf("another Service of the namespace waits %s", wait)
		}
		pace.Record(gen.ShopWeb, end)
	}
	if pace.Remaining(gen.ShopWeb, end) == 0 {
		t.Error("after its own writes, it does not wait for the others")
	}
	other := types.NamespacedName{Namespace: "other", Name: "web"}
	for range paceBurst {
		if wait := pace.Remaining(other, end); wait != 0 {
			t.Errorf("a Service of another namespace waits %s", wait)
		}
		pace.Record(other, end)
	}
}

func TestAServiceKeepsItsTurn(t *testing.T) {
	pace, now := NewPace(), gen.T0.Add(time.Minute)
	flappingServices(pace, 200)
	for range freeBurst {
		pace.Record(gen.ShopWeb, now)
	}
	due := now.Add(pace.Remaining(gen.ShopWeb, now))
	for now.Before(due) {
		now = now.Add(time.Millisecond)
		if at := now.Add(pace.Remaining(gen.ShopWeb, now)); at.After(due) && now.Before(due) {
			t.Fatalf("its turn is at %s, and was at %s", at, due)
		}
	}
	if wait := pace.Remaining(gen.ShopWeb, now); wait != 0 {
		t.Errorf("it waits another %s", wait)
	}
}

func TestPaceForgetsNamespacesThatHaveRecovered(t *testing.T) {
	pace := NewPace()
	flappingServices(pace, 200)
	pace.Record(types.NamespacedName{Namespace: "other", Name: "web"}, gen.T0.Add(time.Hour))
	if len(pace.namespaces) != 0 || len(pace.services) != 1 {
		t.Errorf("%d namespaces and %d Services are remembered, want only the last Service", len(pace.namespaces), len(pace.services))
	}
}
