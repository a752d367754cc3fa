package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/testbed"
)

// slowRoundTrip is the API round trip, in milliseconds, above which a floor outside the cluster is at a disadvantage.
const slowRoundTrip = 5.0

func (r *run) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// finish completes the report. It is incomplete if the run was interrupted, or gave up. It returns nil when nothing was measured.
func (r *run) finish(incomplete bool) *report.Report {
	r.report.Finished, r.report.Interrupted = time.Now(), incomplete
	measured := slices.ContainsFunc(r.report.Rows, func(row report.Row) bool { return len(row.Samples) > 0 })
	if !measured {
		return nil
	}
	if incomplete {
		r.note("the run ended before it had measured everything")
	}
	r.report.Complete()
	if r.floor != nil {
		if err := r.floor.Err(); err != nil {
			r.note("the floor's loop had errors: %v", err)
		}
	}
	if trip := r.report.Environment.APIRoundTripMs; r.opts.Floor && r.report.Settings.FloorFrom == FloorFromHost && trip > slowRoundTrip {
		r.note("a request to the API server takes %.1f ms from here; the floor pays that and a Tanist in the cluster does not, "+
			"which makes the ratios favour Tanist", trip)
	}
	return r.report
}

func settingsOf(opts Options) report.Settings {
	settings := report.Settings{
		Failovers: opts.Failovers, Modes: opts.Modes, Floor: opts.Floor, Traffic: opts.Traffic, Services: 1,
		TimeoutMs: report.Milliseconds(opts.Timeout), SettleMs: report.Milliseconds(opts.Settle), PreStopMs: report.Milliseconds(opts.PreStop),
	}
	if opts.Traffic {
		settings.TrafficFrom = opts.TrafficFrom
	}
	if opts.Burst {
		settings.Services, settings.Modes = opts.Services, []report.Mode{report.ModeBurst}
	}
	return settings
}

// run is one run of bench.
type run struct {
	opts    Options
	clients Clients
	console *Console
	cleaner *testbed.Cleaner
	report  *report.Report

	contenders []*contender
	floor      floorLoop
}
