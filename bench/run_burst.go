package bench

import (
	"context"
	"fmt"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
)

// measureBurst measures rounds in which one request deletes all leaders of a contender, Tanist's and the floor's in turns.
func (r *run) measureBurst(ctx context.Context, s *setup) error {
	tanist, err := s.tanistBurst(ctx)
	if err != nil {
		return err
	}
	r.report.Target = report.Target{
		Namespace: tanist.namespace, Service: testbed.WorkloadName(ownService, 0), LeaderService: tanist.services[0],
		Pods: s.opts.Pods, OwnWorkload: true, Image: s.opts.Image,
	}
	contenders := []*burst{tanist}
	if s.opts.Floor {
		r.console.setPhase("Waiting for the floor's pods")
		floor, loop, err := s.floorBurst(ctx, tanist.namespace)
		if err != nil {
			return err
		}
		contenders, r.floor = append(contenders, floor), loop
	}
	r.console.startBar(r.opts.Failovers * len(contenders))
	defer r.console.stopBar()
	totals, each := make([]report.Row, len(contenders)), make([]report.Row, len(contenders))
	for i, c := range contenders {
		totals[i], each[i] = report.Row{Mode: report.ModeBurst, Who: c.who}, report.Row{Mode: report.ModeBurstEach, Who: c.who}
	}
	err = r.burstRounds(ctx, contenders, totals, each)
	r.report.Rows = append(append(r.report.Rows, totals...), each...)
	return err
}

func (r *run) burstRounds(ctx context.Context, contenders []*burst, totals, each []report.Row) error {
	for round := range r.opts.Failovers {
		for turn := range contenders {
			i := (round + turn) % len(contenders)
			for _, c := range contenders {
				// One whose pods do not become ready fails in its own turn.
				_, _ = c.awaitSteady(ctx, r.opts.ReadyTimeout)
			}
			samples := contenders[i].loseLeaders(ctx, round+1, r.opts.Timeout, r.opts.ReadyTimeout)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			totals[i].Samples = append(totals[i].Samples, burstTotal(samples, round+1))
			each[i].Samples = append(each[i].Samples, samples...)
			r.console.step(report.ModeBurst, contenders[i].who)
			if err := checkFailures(totals[i].Samples); err != nil {
				return err
			}
		}
	}
	return nil
}

// burstTotal returns the whole round as one sample, which lasted until the last Service was handed over.
func burstTotal(samples []report.Sample, number int) report.Sample {
	total := samples[0]
	for _, sample := range samples {
		if sample.Error != "" {
			total.Error = sample.Error
		}
		total.Missed = total.Missed || sample.Missed
		total.LatencyMs = max(total.LatencyMs, sample.LatencyMs)
		total.Moves = max(total.Moves, sample.Moves)
	}
	total.Number, total.Service = number, fmt.Sprintf("%d Services", len(samples))
	total.From, total.To, total.Term, total.Reason = "", "", 0, ""
	return total
}
