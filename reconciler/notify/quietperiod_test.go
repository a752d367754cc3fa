package notify

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestQuietPeriodRemaining(t *testing.T) {
	cases := map[string]struct {
		moves []time.Duration // since T0
		now   time.Duration
		want  time.Duration
	}{
		"no leader has ever moved":                      {now: 0, want: 0},
		"a leader has just moved":                       {moves: []time.Duration{0}, now: 0, want: Deferral},
		"a leader moved a moment ago":                   {moves: []time.Duration{0}, now: Deferral / 4, want: Deferral * 3 / 4},
		"the deferral is over":                          {moves: []time.Duration{0}, now: Deferral, want: 0},
		"the last of several moves counts":              {moves: []time.Duration{0, Deferral / 2, Deferral}, now: Deferral, want: Deferral},
		"a long series reaches the longest deferral":    {moves: every(Deferral/2, longestDeferral), now: longestDeferral - 1, want: 1},
		"a series that goes on defers nothing any more": {moves: every(Deferral/2, 2*longestDeferral), now: 2 * longestDeferral, want: 0},
		"a move after a pause starts another series":    {moves: append(every(Deferral/2, longestDeferral), longestDeferral+Deferral), now: longestDeferral + Deferral, want: Deferral},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var quiet QuietPeriod
			for _, move := range test.moves {
				quiet.HandedOver("shop", gen.T0.Add(move))
			}
			if got := quiet.Remaining("shop", gen.T0.Add(test.now)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// every returns the times of a series of moves, from T0 up to an end.
func every(interval, end time.Duration) []time.Duration {
	var moves []time.Duration
	for move := time.Duration(0); move <= end; move += interval {
		moves = append(moves, move)
	}
	return moves
}

func TestQuietPeriodWaitsForTheLastOfSeveralMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quiet QuietPeriod
		began := time.Now()
		waited := make(chan time.Duration, 1)
		quiet.HandedOver("shop", began)
		go func() {
			quiet.Wait(t.Context(), "shop")
			waited <- time.Since(began)
		}()
		for range 3 {
			<-time.After(Deferral * 3 / 4)
			quiet.HandedOver("shop", time.Now())
		}
		if got, want := <-waited, 3*Deferral*3/4+Deferral; got != want {
			t.Errorf("waited %s, want %s", got, want)
		}
	})
}

func TestQuietPeriodStopsWaitingWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		(&QuietPeriod{}).Wait(ctx, "shop")
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %s", took)
		}
	})
}

func TestANamespaceThatIsBusyDefersNothingOfAnother(t *testing.T) {
	var quiet QuietPeriod
	for _, move := range every(Deferral/2, longestDeferral/2) {
		quiet.HandedOver("busy", gen.T0.Add(move))
	}
	quiet.HandedOver("shop", gen.T0.Add(2*Deferral))
	now := gen.T0.Add(longestDeferral / 2)
	if busy, shop := quiet.Remaining("busy", now), quiet.Remaining("shop", now); busy != Deferral || shop != 0 {
		t.Errorf("got %s in the busy namespace and %s in the other, want %s and none", busy, shop, Deferral)
	}
}

func TestQuietNamespacesAreForgotten(t *testing.T) {
	var quiet QuietPeriod
	quiet.HandedOver("shop", gen.T0)
	quiet.HandedOver("bank", gen.T0.Add(Deferral/2))
	quiet.HandedOver("farm", gen.T0.Add(Deferral))
	if _, remembered := quiet.namespaces["shop"]; remembered || len(quiet.namespaces) != 2 {
		t.Errorf("got %v, want no entry for the namespace whose period is over", quiet.namespaces)
	}
}
