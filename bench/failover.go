package bench

import (
	"context"
	"errors"
	"time"

	"github.com/tanist-dev/tanist/bench/provoke"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/traffic"
	"github.com/tanist-dev/tanist/bench/watch"
)

// contender is a leader Service whose leader is taken away, Tanist's or the floor's. The run treats both alike.
type contender struct {
	who       report.Who
	namespace string
	// service is the leader Service.
	service string
	view    *watch.View
	steady  watch.Steady
	// simulated says that the pods are on nodes that run no process.
	simulated bool
	// meter collects the traffic; nil without traffic.
	meter *traffic.Meter
}

// failover takes a contender's leader away, waits for the next one and until the Service is steady again. An error of the failover
// itself is in the sample and counts; the error returned is one of what follows it.
func (c *contender) failover(ctx context.Context, with provoke.Provoker, timeout, ready time.Duration) (report.Sample, error) {
	leader, changes, err := c.awaitSteady(ctx, ready)
	if err != nil {
		return report.Sample{LostAt: time.Now()}.Failed(err), nil
	}
	old := c.view.Leader(c.service, leader)
	sample := c.loseLeader(ctx, with, old, changes, timeout)
	if err := with.Restore(ctx, old); err != nil {
		return sample, err
	}
	// Only now is it known whether the leader moved once. A Service that does not get steady fails the next failover.
	_, _, _ = c.awaitSteady(ctx, ready)
	sample.Moves = c.view.CountMoves(c.service, changes)
	return sample, nil
}

// loseLeader provokes the loss and measures until another pod leads. changes is how many changes of leader the view had seen before.
func (c *contender) loseLeader(ctx context.Context, with provoke.Provoker, old watch.Pod, changes int, timeout time.Duration) report.Sample {
	var loss provoke.Loss
	var err error
	if with.Mode == report.ModeNode {
		loss, err = with.Provoke(ctx, old) // somebody has to act, and may take as long as they like
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if with.Mode != report.ModeNode {
		loss, err = with.Provoke(ctx, old)
	}
	lost := loss.At
	sample := report.Sample{From: old.Name, LostAt: lost, CallMs: report.Milliseconds(loss.Call), EndsAtOnce: old.EndsAtOnce}
	if err != nil {
		return sample.Failed(err)
	}
	if provoke.MeasuredFromStatus(with.Mode) {
		if lost, err = c.view.AwaitLoss(ctx, c.service, old.UID, lost); err != nil {
			return sample.Failed(err)
		}
		sample.LostAt = lost
	}
	to, err := c.view.AwaitMove(ctx, c.service, old.UID, changes)
	switch {
	case err == nil:
		sample.To, sample.Term, sample.Reason = to.Name, to.Term, to.Reason
		sample.LatencyMs = report.Milliseconds(to.At.Sub(lost))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		sample.Missed, sample.LatencyMs = true, report.Milliseconds(timeout)
	default:
		return sample.Failed(err)
	}
	return sample
}

func (c *contender) awaitSteady(ctx context.Context, timeout time.Duration) (leader watch.LeaderChange, changes int, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.view.AwaitSteady(ctx, c.service, c.steady)
}
