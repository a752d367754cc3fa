package notify

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestCalm(t *testing.T) {
	cases := map[string]struct {
		moves []time.Duration // since t0
		now   time.Duration
		want  time.Duration
	}{
		"nothing has ever moved":                 {now: 0, want: 0},
		"a leader has just moved":                {moves: []time.Duration{0}, now: 0, want: Deferral},
		"a moment later":                         {moves: []time.Duration{0}, now: Deferral / 4, want: Deferral * 3 / 4},
		"it is calm again":                       {moves: []time.Duration{0}, now: Deferral, want: 0},
		"the last one of many counts":            {moves: []time.Duration{0, Deferral / 2, Deferral}, now: Deferral, want: Deferral},
		"a storm is waited for only for so long": {moves: every(Deferral/2, longestDeferral), now: longestDeferral - 1, want: 1},
		"it goes on":                             {moves: every(Deferral/2, 2*longestDeferral), now: 2 * longestDeferral, want: 0},
		"after a pause another one begins":       {moves: append(every(Deferral/2, longestDeferral), longestDeferral+Deferral), now: longestDeferral + Deferral, want: Deferral},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var c QuietPeriod
			for _, move := range test.moves {
				c.HandedOver(gen.T0.Add(move))
			}
			if got := c.Remaining(gen.T0.Add(test.now)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// every is a move at each interval from t0 up to an end.
func every(interval, end time.Duration) []time.Duration {
	var moves []time.Duration
	for move := time.Duration(0); move <= end; move += interval {
		moves = append(moves, move)
	}
	return moves
}

func TestWhatNobodyWaitsForComesAfterTheLastMoveOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c QuietPeriod
		began := time.Now()
		came := make(chan time.Duration, 1)
		c.HandedOver(began)
		go func() {
			c.Wait(t.Context())
			came <- time.Since(began)
		}()
		for range 3 {
			<-time.After(Deferral * 3 / 4)
			c.HandedOver(time.Now())
		}
		if got, want := <-came, 3*Deferral*3/4+Deferral; got != want {
			t.Errorf("it came after %s, want %s", got, want)
		}
	})
}

func TestWhatNobodyWaitsForDoesNotOutliveItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		(&QuietPeriod{}).Wait(ctx)
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}
