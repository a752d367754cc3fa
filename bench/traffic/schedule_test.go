package traffic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSchedule(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		requests int
		period   time.Duration
		most     int
		// busy is for how long the process does not run after the first request, and ends when the context does; zero for never.
		busy, ends time.Duration
		// wantDue are the times at which requests are due, wantSent those at which they are sent, after the beginning.
		wantDue, wantSent []time.Duration
	}{
		"requests are due at equal distances": {
			requests: 4, period: time.Second, most: 3, wantDue: []time.Duration{0, 250 * ms, 500 * ms}, wantSent: []time.Duration{0, 250 * ms, 500 * ms},
		},
		"the distances add up to the period, although none of them is a whole number": {
			requests: 3, period: 100 * time.Nanosecond, most: 4, wantDue: []time.Duration{0, 33, 66, 100}, wantSent: []time.Duration{0, 33, 66, 100},
		},
		"what was due while the process did not run is made up for": {
			requests: 4, period: time.Second, most: 5, busy: 600 * ms,
			wantDue:  []time.Duration{0, 250 * ms, 500 * ms, 750 * ms, time.Second},
			wantSent: []time.Duration{0, 600 * ms, 600 * ms, 750 * ms, time.Second},
		},
		"no request follows the end of the context": {
			requests: 4, period: time.Second, most: 5, ends: 300 * ms, wantDue: []time.Duration{0, 250 * ms}, wantSent: []time.Duration{0, 250 * ms},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if test.ends > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.ends)
				}
				defer cancel()
				began := time.Now()
				var due, sent []time.Duration
				schedule{began: began, requests: test.requests, period: test.period}.run(ctx, test.most, func(at time.Time) {
					due, sent = append(due, at.Sub(began)), append(sent, time.Since(began))
					if len(sent) == 1 {
						<-time.After(test.busy)
					}
				})
				if diff := cmp.Diff(test.wantDue, due); diff != "" {
					t.Errorf("requests are due (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.wantSent, sent); diff != "" {
					t.Errorf("requests are sent (-want +got):\n%s", diff)
				}
			})
		})
	}
}
