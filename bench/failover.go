package bench

import (
	"context"
	"errors"
	"time"
)

// contender is a leader Service whose leader is taken away: Tanist's or the floor's. The run treats both alike.
type contender struct {
	who       Who
	namespace string
	// service is the leader Service.
	service string
	view    *view
	steady  steadiness
	// simulated says that the pods are on nodes that run no process.
	simulated bool
	// meter is the traffic's; nil without traffic.
	meter *meter
}

// failover takes a contender's leader away, waits for the next one and until all is steady again. What goes wrong with the
// failover belongs into the sample, which is counted; the error is about what follows it.
func (c *contender) failover(ctx context.Context, with provoker, timeout, ready time.Duration) (Sample, error) {
	leader, before, err := c.awaitSteady(ctx, ready)
	if err != nil {
		return Sample{LostAt: time.Now()}.failed(err), nil
	}
	old := c.view.leading(c.service, leader)
	sample := c.loseLeader(ctx, with, old, before, timeout)
	if err := with.restore(ctx, old); err != nil {
		return sample, err
	}
	// Whether the leader moved once is known only now. Where nothing is steady, the next failover says so.
	_, _, _ = c.awaitSteady(ctx, ready)
	sample.Moves = c.view.movesSince(c.service, before)
	return sample, nil
}

// loseLeader provokes the loss and measures until another pod leads.
func (c *contender) loseLeader(ctx context.Context, with provoker, old podState, before int, timeout time.Duration) Sample {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	lost, err := with.provoke(ctx, old)
	sample := Sample{From: old.name, LostAt: lost, CallMs: milliseconds(time.Since(lost)), EndsAtOnce: old.endsAtOnce}
	if err != nil {
		return sample.failed(err)
	}
	if with.mode.fromStatus() {
		if lost, err = c.view.awaitLoss(ctx, c.service, old.uid, lost); err != nil {
			return sample.failed(err)
		}
		sample.LostAt = lost
	}
	to, err := c.view.awaitMove(ctx, c.service, old.uid, before)
	switch {
	case err == nil:
		sample.To, sample.Term, sample.Reason = to.name, to.term, to.reason
		sample.LatencyMs = milliseconds(to.at.Sub(lost))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		sample.Missed, sample.LatencyMs = true, milliseconds(timeout)
	default:
		return sample.failed(err)
	}
	return sample
}

func (c *contender) awaitSteady(ctx context.Context, limit time.Duration) (leader move, moves int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.view.awaitSteady(ctx, c.service, c.steady)
}

// failed is the sample of a loss that could not be provoked or followed.
func (s Sample) failed(err error) Sample {
	s.Missed, s.Error = true, err.Error()
	return s
}
