package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tanist-dev/tanist/bench/provoke"
	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
)

// giveUpAfter is how many failovers in a row may fail to be measured before a run ends: the cause is then something that the next failover
// would not change.
const giveUpAfter = 3

// meterTimeout is how long it may take until all traffic of a row is known.
const meterTimeout = 10 * time.Second

// Run measures what opts ask for and returns the report. When it is interrupted or cannot continue, it returns an error and the report of
// what was measured, if anything. When it returns, what it created is gone, or the error names what may be left.
func Run(ctx context.Context, clients Clients, opts Options, console *Console) (measured *report.Report, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	run := &run{
		opts: opts, clients: clients, console: console,
		cleaner: &testbed.Cleaner{Client: clients.Act, Printf: console.printf},
		report:  &report.Report{Started: time.Now(), Settings: settingsOf(opts)},
	}
	defer console.start()()
	defer func() {
		console.setPhase("Removing what bench created")
		if cleanErr := run.cleaner.Clean(ctx); cleanErr != nil {
			err = errors.Join(err, cleanErr)
		}
	}()
	err = run.measure(ctx)
	return run.finish(err != nil), err
}

func (r *run) measure(ctx context.Context) error {
	s := &setup{opts: r.opts, clients: r.clients, cleaner: r.cleaner, printf: r.console.printf}
	ctx, cancel := context.WithCancel(ctx)
	defer s.awaitLoop()
	defer cancel() // Ends watches, loop and clients before the clean-up.
	r.console.setPhase("Inspecting the cluster")
	found, err := testbed.Inspect(ctx, r.clients.Observe, r.opts.Version)
	if err != nil {
		return err
	}
	r.report.Environment = found.Environment
	s.cluster = found
	if r.opts.needsPods() {
		if s.place, err = found.Place(r.opts.Nodes); err != nil {
			return err
		}
	}
	if s.opts.FloorFrom, err = floorFrom(r.opts, s.place); err != nil {
		return err
	}
	r.report.Settings.FloorFrom = s.opts.FloorFrom
	r.console.setPhase("Waiting for pods and their leader")
	if r.opts.Burst {
		return r.measureBurst(ctx, s)
	}
	if err := r.prepare(ctx, s); err != nil {
		return err
	}
	r.console.startBar(len(r.opts.Modes) * r.opts.Failovers * len(r.contenders))
	defer r.console.stopBar()
	for _, mode := range r.opts.Modes {
		r.console.announce(mode, r.opts.Failovers)
		if err := r.measureMode(ctx, mode); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) prepare(ctx context.Context, s *setup) error {
	measured, err := s.prepareService(ctx)
	if err != nil {
		return err
	}
	r.report.Target = measured.Target
	tanist, err := s.prepareTanist(ctx, measured)
	if err != nil {
		return err
	}
	r.contenders = []*contender{tanist}
	if r.opts.Floor {
		r.console.setPhase("Waiting for the floor's pods")
		other, loop, err := s.startFloor(ctx, measured)
		if err != nil {
			return err
		}
		r.contenders, r.floor = append(r.contenders, other), loop
	}
	if r.opts.Traffic {
		r.console.setPhase("Waiting for requests to succeed")
		r.report.Settings.TrafficRate = r.opts.trafficRate(len(r.contenders))
		return s.startTraffic(ctx, r.contenders)
	}
	return nil
}

// measureMode measures all failovers of one mode, the contenders in turns. Each goes first in every second round.
func (r *run) measureMode(ctx context.Context, mode report.Mode) error {
	rows := make([]report.Row, len(r.contenders))
	marks := make([]int, len(r.contenders))
	for i, c := range r.contenders {
		rows[i] = report.Row{Mode: mode, Who: c.who, Samples: []report.Sample{}}
		if c.meter != nil {
			marks[i] = c.meter.Mark()
		}
	}
	err := r.measureRounds(ctx, mode, rows)
	for i, c := range r.contenders {
		if c.meter != nil {
			r.readMeter(ctx, c, marks[i], &rows[i])
		}
	}
	r.report.Rows = append(r.report.Rows, rows...)
	return err
}

func (r *run) measureRounds(ctx context.Context, mode report.Mode, rows []report.Row) error {
	for round := range r.opts.Failovers {
		for turn := range r.contenders {
			i := (round + turn) % len(r.contenders)
			if err := r.measureFailover(ctx, mode, r.contenders[i], &rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureFailover measures one failover and adds it to the row.
func (r *run) measureFailover(ctx context.Context, mode report.Mode, c *contender, row *report.Row) error {
	for _, each := range r.contenders {
		// No contender is measured while pods of another start. One whose pods do not become ready fails in its own turn.
		_, _, _ = each.awaitSteady(ctx, r.opts.ReadyTimeout)
	}
	with := provoke.Provoker{Mode: mode, Client: r.clients.Act, Namespace: c.namespace, Simulated: c.simulated, Printf: r.console.printf}
	sample, err := c.failover(ctx, with, r.opts.Timeout, r.opts.ReadyTimeout)
	if ctx.Err() != nil {
		return context.Cause(ctx) // The end of the run cut this failover short: it is not a sample.
	}
	if err != nil {
		r.note("%s, %s: %v", mode, c.who, err)
	}
	sample.Number = len(row.Samples) + 1
	row.Samples = append(row.Samples, sample)
	r.console.step(mode, c.who)
	return checkFailures(row.Samples)
}

// checkFailures returns an error if none of the last giveUpAfter failovers could be measured.
func checkFailures(samples []report.Sample) error {
	if len(samples) < giveUpAfter {
		return nil
	}
	last := samples[len(samples)-giveUpAfter:]
	for _, sample := range last {
		if sample.Error == "" {
			return nil
		}
	}
	return fmt.Errorf("gave up after %d failovers in a row that could not be measured: %s", giveUpAfter, last[len(last)-1].Error)
}

// readMeter sets a row's traffic to what the client saw since the mark. An interrupted run takes what there is.
func (r *run) readMeter(ctx context.Context, c *contender, mark int, row *report.Row) {
	wait, cancel := context.WithTimeout(ctx, meterTimeout)
	defer cancel()
	totals, err := c.meter.Since(wait, mark)
	if err != nil && ctx.Err() == nil {
		r.note("%s, %s: traffic is incomplete: %v", row.Mode, row.Who, err)
	}
	row.Traffic = &totals
}
