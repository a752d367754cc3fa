package report

import (
	"fmt"
	"time"

	"github.com/tanist-dev/tanist/bench/traffic"
)

// Row is one mode with Tanist or with the floor.
type Row struct {
	Mode Mode `json:"mode"`
	Who  Who  `json:"who"`
	// Measured is how many samples the statistics contain. A failover in which no other pod led within the timeout is one of them. Its
	// latency is the timeout, a lower bound.
	Measured int `json:"measured"`
	// Missed counts those failovers, and the ones that could not be provoked, which the statistics do not contain.
	Missed int `json:"missed"`
	Summary
	// RatioP50 and RatioP99 are Tanist's percentiles divided by the floor's; nil without a floor.
	RatioP50 *float64 `json:"ratioP50,omitempty"`
	RatioP99 *float64 `json:"ratioP99,omitempty"`
	// Traffic is what clients saw meanwhile; nil without traffic.
	Traffic *traffic.Totals `json:"traffic,omitempty"`
	Samples []Sample        `json:"samples"`
}

// Sample is one failover.
type Sample struct {
	// Number counts the failovers of a row from 1; in burst-each, it is the round's.
	Number int `json:"number"`
	// Service is the leader Service that lost its leader; only where a row has several.
	Service string `json:"service,omitempty"`
	// LostAt is when the loss began: when the request was sent. For readiness, when a watch saw the pod's status change; for crash and freeze,
	// half a second after the request was sent, when the pod does what it was asked, at most CallMs later; for node, when the last question was
	// sent that the pod answered.
	LostAt time.Time `json:"lostAt"`
	// LatencyMs is the time from then until an independent watch saw another pod as the ready endpoint, and the timeout of a missed
	// failover. For readiness, both ends are events of different watches: where the slice's overtakes the pod's, the latency
	// is a little below zero and is kept so.
	LatencyMs float64 `json:"latencyMs"`
	// CallMs is how long the request took that provoked the loss. For node, how long after LostAt the pod counted as silent.
	CallMs float64 `json:"callMs"`
	From   string  `json:"from"`
	To     string  `json:"to,omitempty"`
	// Term and Reason are Tanist's, on the slice that named the new leader.
	Term   int64  `json:"term,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Moves is how often the leader changed until the Service was steady again; 1 is right.
	Moves int `json:"moves"`
	// EndsAtOnce is true when the lost leader had neither a drain window nor a preStop hook of its own.
	EndsAtOnce bool `json:"endsAtOnce,omitempty"`
	// Missed is true when no other pod led in time, or when the loss could not be provoked.
	Missed bool `json:"missed,omitempty"`
	// Error is why the loss could not be provoked or observed; such a sample has no latency.
	Error string `json:"error,omitempty"`
}

// Failed returns the sample as one whose loss could not be provoked or observed.
func (s Sample) Failed(err error) Sample {
	s.Missed, s.Error = true, err.Error()
	return s
}

// measured are the samples that have a latency.
func (r Row) measured() []Sample {
	var measured []Sample
	for _, sample := range r.Samples {
		if sample.Error == "" {
			measured = append(measured, sample)
		}
	}
	return measured
}

// latencies are those of the samples that have one.
func (r Row) latencies() []float64 {
	var latencies []float64
	for _, sample := range r.measured() {
		latencies = append(latencies, sample.LatencyMs)
	}
	return latencies
}

// complete derives a row's statistics from its samples.
func (r *Row) complete() {
	for _, sample := range r.Samples {
		if sample.Missed {
			r.Missed++
		}
	}
	latencies := r.latencies()
	r.Measured, r.Summary = len(latencies), summarize(latencies)
}

// compare sets the ratios of Tanist's rows to the floor's of the same mode.
func compare(rows []Row) {
	for i := range rows {
		for _, floor := range rows {
			if rows[i].Who == WhoTanist && floor.Who == WhoFloor && floor.Mode == rows[i].Mode {
				rows[i].RatioP50 = ratio(rows[i].P50Ms, floor.P50Ms)
				rows[i].RatioP99 = ratio(rows[i].P99Ms, floor.P99Ms)
			}
		}
	}
}

// notes are what a reader of the row must know.
func (r Row) notes() []string {
	several, endAtOnce, failed, last := 0, 0, 0, ""
	for _, sample := range r.Samples {
		if sample.Moves > 1 {
			several++
		}
		if sample.EndsAtOnce {
			endAtOnce++
		}
		if sample.Error != "" {
			failed++
			last = sample.Error
		}
	}
	var notes []string
	note := func(count int, format string, args ...any) {
		if count > 0 {
			notes = append(notes, fmt.Sprintf("%s, %s: ", r.Mode, r.Who)+fmt.Sprintf(format, args...))
		}
	}
	total := len(r.Samples)
	note(several, "the leader moved more than once in %d of %d failovers", several, total)
	if r.Traffic != nil && r.Mode.graceful() {
		note(endAtOnce, "%d of %d leaders had no drain window and stopped serving at once: requests fail until kube-proxy has followed",
			endAtOnce, total)
	}
	note(failed, "%d of %d failovers could not be measured, the last: %s", failed, total, last)
	late := r.Missed - failed
	note(late, "no other pod led in time in %d of %d failovers; the statistics contain the timeout for them", late, total)
	return notes
}

// rowsOf are the rows of a mode in which anything was measured.
func rowsOf(mode Mode, rows []Row) []Row {
	var found []Row
	for _, row := range rows {
		if row.Mode == mode && row.Measured > 0 {
			found = append(found, row)
		}
	}
	return found
}
