package notify

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/test/gen"
)

// record counts an attempt to write that succeeds.
func record(pace *Pace, key types.NamespacedName, now time.Time) {
	pace.Attempt(key, now)
	pace.Written(key, now)
}

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
				record(pace, gen.ShopWeb, gen.T0)
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
			record(pace, gen.ShopWeb, now)
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
			record(pace, gen.ShopWeb, start)
		}
		if !pace.Slowed(gen.ShopWeb) {
			t.Errorf("episode %d is not told", n)
		}
	}
}

func TestPaceForgetsServicesThatHaveRecovered(t *testing.T) {
	pace := NewPace()
	for n := range 100 {
		record(pace, types.NamespacedName{Namespace: "shop", Name: fmt.Sprint(n)}, gen.T0)
	}
	record(pace, gen.ShopWeb, gen.T0.Add(time.Minute))
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
			if pace.Wait(key, now) == 0 {
				record(pace, key, now)
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
		record(pace, gen.ShopWeb, end)
	}
	if pace.Remaining(gen.ShopWeb, end) == 0 {
		t.Error("after its own writes, it does not wait for the others")
	}
	other := types.NamespacedName{Namespace: "other", Name: "web"}
	for range paceBurst {
		if wait := pace.Remaining(other, end); wait != 0 {
			t.Errorf("a Service of another namespace waits %s", wait)
		}
		record(pace, other, end)
	}
}

func TestAServiceKeepsItsTurn(t *testing.T) {
	pace, now := NewPace(), gen.T0.Add(time.Minute)
	flappingServices(pace, 200)
	for range freeBurst {
		record(pace, gen.ShopWeb, now)
	}
	due := now.Add(pace.Wait(gen.ShopWeb, now))
	for now.Before(due) {
		now = now.Add(time.Millisecond)
		if at := now.Add(pace.Wait(gen.ShopWeb, now)); at.After(due) && now.Before(due) {
			t.Fatalf("its turn is at %s, and was at %s", at, due)
		}
	}
	if wait := pace.Wait(gen.ShopWeb, now); wait != 0 {
		t.Errorf("it waits another %s", wait)
	}
}

func TestWhoOnlyAsksTakesNoTurn(t *testing.T) {
	pace := NewPace()
	flappingServices(pace, 200)
	now := gen.T0.Add(time.Minute)
	for range freeBurst {
		record(pace, gen.ShopWeb, now)
	}
	first := pace.Remaining(gen.ShopWeb, now)
	for range 1000 {
		pace.Remaining(gen.ShopWeb, now)
	}
	if wait := pace.Wait(gen.ShopWeb, now); wait != first {
		t.Errorf("after questions it waits %s, before %s", wait, first)
	}
}

func TestAServiceThatHasATurnMayStillHaveItsFreeWrites(t *testing.T) {
	pace := NewPace()
	flappingServices(pace, 1000) // whose turns take longer than freeInterval
	now := gen.T0.Add(time.Minute)
	for range freeBurst {
		record(pace, gen.ShopWeb, now)
	}
	wait := pace.Wait(gen.ShopWeb, now)
	if wait <= freeInterval-time.Second || wait > freeInterval {
		t.Errorf("it waits %s, want %s, although its turn is later", wait, freeInterval)
	}
	if wait := pace.Wait(gen.ShopWeb, now.Add(wait)); wait != 0 {
		t.Errorf("then it waits another %s", wait)
	}
}

func TestAttemptsThatFailLeaveTheNamespaceItsLimit(t *testing.T) {
	pace := NewPace()
	key := func(n int) types.NamespacedName {
		return types.NamespacedName{Namespace: gen.ShopWeb.Namespace, Name: fmt.Sprint(n)}
	}
	for n := range 500 * paceBurst {
		pace.Attempt(key(n%500), gen.T0)
	}
	for n := range 500 {
		if wait := pace.Wait(key(n), gen.T0.Add(time.Second)); wait != 0 {
			t.Fatalf("Service %d waits %s", n, wait)
		}
	}
}

func TestPaceForgetsNamespacesThatHaveRecovered(t *testing.T) {
	pace := NewPace()
	flappingServices(pace, 200)
	record(pace, types.NamespacedName{Namespace: "other", Name: "web"}, gen.T0.Add(time.Hour))
	if len(pace.namespaces) != 0 || len(pace.services) != 1 {
		t.Errorf("%d namespaces and %d Services are remembered, want only the last Service", len(pace.namespaces), len(pace.services))
	}
}
