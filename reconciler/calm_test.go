package reconciler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestCalm(t *testing.T) {
	cases := map[string]struct {
		moves []time.Duration // since t0
		now   time.Duration
		want  time.Duration
	}{
		"nothing has ever moved":                 {now: 0, want: 0},
		"a leader has just moved":                {moves: []time.Duration{0}, now: 0, want: afterwards},
		"a moment later":                         {moves: []time.Duration{0}, now: afterwards / 4, want: afterwards * 3 / 4},
		"it is calm again":                       {moves: []time.Duration{0}, now: afterwards, want: 0},
		"the last one of many counts":            {moves: []time.Duration{0, afterwards / 2, afterwards}, now: afterwards, want: afterwards},
		"a storm is waited for only for so long": {moves: every(afterwards/2, longestStorm), now: longestStorm - 1, want: 1},
		"it goes on":                             {moves: every(afterwards/2, 2*longestStorm), now: 2 * longestStorm, want: 0},
		"after a pause another one begins":       {moves: append(every(afterwards/2, longestStorm), longestStorm+afterwards), now: longestStorm + afterwards, want: afterwards},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			var c calm
			for _, move := range test.moves {
				c.disturb(t0.Add(move))
			}
			if got := c.wait(t0.Add(test.now)); got != test.want {
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
		var c calm
		began := time.Now()
		came := make(chan time.Duration, 1)
		c.disturb(began)
		go func() {
			c.await(t.Context())
			came <- time.Since(began)
		}()
		for range 3 {
			<-time.After(afterwards * 3 / 4)
			c.disturb(time.Now())
		}
		if got, want := <-came, 3*afterwards*3/4+afterwards; got != want {
			t.Errorf("it came after %s, want %s", got, want)
		}
	})
}

func TestWhatNobodyWaitsForDoesNotOutliveItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		(&calm{}).await(ctx)
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}
