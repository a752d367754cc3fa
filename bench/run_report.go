package bench

import (
	"fmt"
	"time"
)

// farAway is the API round trip, in milliseconds, from which on a floor outside the cluster is at a disadvantage.
const farAway = 5.0

func (r *run) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// finish completes the report, nil when nothing was measured.
func (r *run) finish(interrupted bool) *Report {
	r.report.Finished, r.report.Interrupted = time.Now(), interrupted
	measured := 0
	for i, row := range r.report.Rows {
		r.report.Rows[i] = finishRow(row)
		measured += len(row.Samples)
	}
	if measured == 0 {
		return nil
	}
	compare(r.report.Rows)
	if interrupted {
		r.note("the run ended before it had measured everything")
	}
	r.report.Notes = append(r.report.Notes, notes(r.report.Rows)...)
	if r.floor != nil {
		if err := r.floor.err(); err != nil {
			r.note("the floor's loop had trouble: %v", err)
		}
	}
	if trip := r.report.Environment.APIRoundTripMs; r.opts.Floor && r.report.Settings.FloorFrom == FloorFromHost && trip > farAway {
		r.note("a request to the API server takes %.1f ms from here; the floor pays that and a Tanist in the cluster does not, "+
			"so the ratios flatter Tanist", trip)
	}
	return r.report
}

func settingsOf(opts Options) Settings {
	settings := Settings{
		Failovers: opts.Failovers, Modes: opts.Modes, Floor: opts.Floor, Traffic: opts.Traffic, Services: 1,
		TimeoutMs: milliseconds(opts.Timeout), SettleMs: milliseconds(opts.Settle), PreStopMs: milliseconds(opts.PreStop),
	}
	if opts.Traffic {
		settings.TrafficFrom = opts.TrafficFrom
	}
	if opts.Burst {
		settings.Services, settings.Modes = opts.Services, []Mode{ModeBurst}
	}
	return settings
}
