package traffic

import (
	"context"
	"time"
)

// schedule says when requests are due: a number of them in each period, at equal distances.
//
// A library for this is github.com/tsenart/vegeta/v12/lib. It keeps the rate as well, but it counts a request's deadline and latency from when
// the request was sent, not from when it was due; returns errors as text, so that a refusal could be told from a reset only by its words; and
// cannot end requests that are under way. Around it, all of this package would still be needed except run.
type schedule struct {
	began    time.Time
	requests int
	period   time.Duration
}

// due returns the time at which a request is due. The first one has the number 0.
func (s schedule) due(number int) time.Time {
	return s.began.Add(time.Duration(number) * s.period / time.Duration(s.requests))
}

// run calls send for each request when it is due, at most so many times, until ctx ends. send must not wait for an answer. If this process
// did not run for a while, run makes up for the requests that were due meanwhile: who leaves these out leaves out the slowest ones, and
// finds every server fast (coordinated omission).
func (s schedule) run(ctx context.Context, most int, send func(due time.Time)) {
	for number := range most {
		due := s.due(number)
		select {
		case <-time.After(time.Until(due)):
			send(due)
		case <-ctx.Done():
			return
		}
	}
}
