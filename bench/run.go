package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// giveUpAfter is how many failovers in a row may fail before any of them was provoked: then something is wrong that the next
// will not mend, and a run that stops by itself stops.
const giveUpAfter = 3

// catchUp is how long a row's traffic may take to be known.
const catchUp = 10 * time.Second

// Run measures what opts say and returns the report. When it is interrupted or cannot go on, it returns an error and, if
// anything was measured, the report of that. What it created is gone when it returns; if that fails, the error says what is
// left.
func Run(ctx context.Context, clients Clients, opts Options, console *Console) (report *Report, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	run := &run{
		opts: opts, clients: clients, console: console,
		cleaner: &cleaner{client: clients.Act, say: console.say},
		report:  &Report{Started: time.Now(), Settings: settingsOf(opts), Published: published()},
	}
	defer console.follow()()
	defer func() {
		console.now("Removing what bench made")
		if cleanErr := run.cleaner.clean(ctx); cleanErr != nil {
			err = errors.Join(err, cleanErr)
		}
	}()
	err = run.measure(ctx)
	return run.finish(err != nil), err
}

// run is one bench from beginning to end.
type run struct {
	opts    Options
	clients Clients
	console *Console
	cleaner *cleaner
	report  *Report

	contenders []*contender
	floor      floorLoop
}

func (r *run) measure(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx) // Ends watches, loop and clients before the clean-up.
	defer func() {
		cancel()
		if r.floor != nil {
			r.floor.wait()
		}
	}()
	r.console.now("Looking at the cluster")
	env, err := survey(ctx, r.clients.Observe, r.opts.Version)
	if err != nil {
		return err
	}
	r.report.Environment = env
	s := &setup{opts: r.opts, clients: r.clients, cleaner: r.cleaner, say: r.console.say, env: env}
	if r.opts.needsPods() {
		if s.place, err = env.place(r.opts.Nodes); err != nil {
			return err
		}
	}
	if s.opts.FloorFrom, err = floorFrom(r.opts, s.place); err != nil {
		return err
	}
	r.report.Settings.FloorFrom = s.opts.FloorFrom
	r.console.now("Waiting for pods and their leader")
	if r.opts.Burst {
		return r.burst(ctx, s)
	}
	if err := r.prepare(ctx, s); err != nil {
		return err
	}
	r.console.begin(len(r.opts.Modes) * r.opts.Failovers * len(r.contenders))
	defer r.console.end()
	for _, mode := range r.opts.Modes {
		r.console.about(mode, r.opts.Failovers)
		if err := r.mode(ctx, mode); err != nil {
			return err
		}
	}
	return nil
}

// needsPods says whether bench creates pods of its own.
func (o Options) needsPods() bool {
	return o.Service == "" || o.Floor || o.Traffic && o.TrafficFrom == TrafficFromPod
}

func (r *run) prepare(ctx context.Context, s *setup) error {
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	r.report.Target = target
	tanist, err := s.tanist(ctx, target)
	if err != nil {
		return err
	}
	r.contenders = []*contender{tanist}
	if r.opts.Floor {
		r.console.now("Waiting for the floor's pods")
		other, loop, err := s.floorFor(ctx, target)
		if err != nil {
			return err
		}
		r.contenders, r.floor = append(r.contenders, other), loop
	}
	if r.opts.Traffic {
		r.console.now("Waiting for requests to succeed")
		r.report.Settings.TrafficRate = r.opts.trafficRate(len(r.contenders))
		return s.traffic(ctx, r.contenders)
	}
	return nil
}

// mode measures all failovers of one mode, of the contenders by turns, each first in every second round.
func (r *run) mode(ctx context.Context, mode Mode) error {
	rows := make([]Row, len(r.contenders))
	marks := make([]int, len(r.contenders))
	for i, c := range r.contenders {
		rows[i] = Row{Mode: mode, Who: c.who, Samples: []Sample{}}
		if c.meter != nil {
			marks[i] = c.meter.mark()
		}
	}
	err := r.rounds(ctx, mode, rows)
	for i, c := range r.contenders {
		if c.meter != nil {
			r.readMeter(ctx, c, marks[i], &rows[i])
		}
	}
	r.report.Rows = append(r.report.Rows, rows...)
	return err
}

func (r *run) rounds(ctx context.Context, mode Mode, rows []Row) error {
	for round := range r.opts.Failovers {
		for turn := range r.contenders {
			i := (round + turn) % len(r.contenders)
			if err := r.next(ctx, mode, r.contenders[i], &rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// next measures one failover and adds it to the row.
func (r *run) next(ctx context.Context, mode Mode, c *contender, row *Row) error {
	for _, other := range r.contenders {
		// Nobody is measured while pods of another still start. One that does not get steady says so in its own turn.
		_, _, _ = other.awaitSteady(ctx, r.opts.ReadyTimeout)
	}
	with := provoker{mode: mode, client: r.clients.Act, namespace: c.namespace, simulated: c.simulated}
	sample, err := c.failover(ctx, with, r.opts.Timeout, r.opts.ReadyTimeout)
	if ctx.Err() != nil {
		return context.Cause(ctx) // A failover cut short says nothing.
	}
	if err != nil {
		r.note("%s, %s: %v", mode, c.who, err)
	}
	sample.Number = len(row.Samples) + 1
	row.Samples = append(row.Samples, sample)
	r.console.step(mode, c.who)
	return givingUp(row.Samples)
}

// givingUp says that the last failovers could not be measured.
func givingUp(samples []Sample) error {
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

// readMeter adds to a row what the traffic saw since the mark. An interrupted run takes what there is.
func (r *run) readMeter(ctx context.Context, c *contender, mark int, row *Row) {
	wait, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	traffic, err := c.meter.since(wait, mark)
	if err != nil && ctx.Err() == nil {
		r.note("%s, %s: traffic is incomplete: %v", row.Mode, row.Who, err)
	}
	row.Traffic = &traffic
}
