package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is the outcome of a run, as `-o json` prints it. Durations are milliseconds in fields that end in Ms.
type Report struct {
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Interrupted says that the run was ended before it had measured everything.
	Interrupted bool `json:"interrupted,omitempty"`

	Environment Environment `json:"environment"`
	Target      Target      `json:"target"`
	Settings    Settings    `json:"settings"`
	Rows        []Row       `json:"rows"`
	Published   Published   `json:"published"`
	// Notes are what a reader must know to read the rows right, such as failovers that could not be provoked.
	Notes []string `json:"notes,omitempty"`
}

// Settings are the options that shape the figures.
type Settings struct {
	Failovers int    `json:"failovers"`
	Modes     []Mode `json:"modes"`
	Floor     bool   `json:"floor"`
	// FloorFrom is where the floor's loop ran: pod or host.
	FloorFrom   string  `json:"floorFrom,omitempty"`
	TimeoutMs   float64 `json:"timeoutMs"`
	SettleMs    float64 `json:"settleMs"`
	PreStopMs   float64 `json:"preStopMs"`
	Traffic     bool    `json:"traffic"`
	TrafficFrom string  `json:"trafficFrom,omitempty"`
	// TrafficRate is how many new connections a second each leader Service got.
	TrafficRate int `json:"trafficRate,omitempty"`
	Services    int `json:"services"`
}

// Who led a Service in a row.
type Who string

const (
	// WhoTanist is Tanist.
	WhoTanist Who = "tanist"
	// WhoFloor is the bare watch-and-patch loop.
	WhoFloor Who = "floor"
)

// Row is one mode with Tanist or with the floor.
type Row struct {
	Mode Mode `json:"mode"`
	Who  Who  `json:"who"`
	// Measured is how many samples are in the statistics. A failover that nobody took over within the timeout is one of them,
	// with the timeout as its latency, which it was at least.
	Measured int `json:"measured"`
	// Missed counts those, and the failovers that could not be provoked, which are not in the statistics.
	Missed int `json:"missed"`
	Summary
	// RatioP50 and RatioP99 are Tanist's percentiles divided by the floor's; nil without a floor.
	RatioP50 *float64 `json:"ratioP50,omitempty"`
	RatioP99 *float64 `json:"ratioP99,omitempty"`
	// Traffic is what clients saw meanwhile; nil without traffic.
	Traffic *Traffic `json:"traffic,omitempty"`
	Samples []Sample `json:"samples"`
}

// Sample is one failover.
type Sample struct {
	// Number counts the failovers of a row from 1.
	Number int `json:"number"`
	// Service is the leader Service that lost its leader; only where a row has several.
	Service string `json:"service,omitempty"`
	// LostAt is when the loss began: the request was sent, or, for readiness and crash, a watch saw the pod's status change.
	LostAt time.Time `json:"lostAt"`
	// LatencyMs is the time from then until an independent watch saw another pod as the ready endpoint. For a missed failover it
	// is the timeout. For readiness and crash both ends are watch events, of two watches: where the slice's overtakes the pod's,
	// it is a little below zero, and is left so.
	LatencyMs float64 `json:"latencyMs"`
	// CallMs is how long the request took that provoked the loss.
	CallMs float64 `json:"callMs"`
	From   string  `json:"from"`
	To     string  `json:"to,omitempty"`
	// Term and Reason are Tanist's, on the slice that named the new leader.
	Term   int64  `json:"term,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Moves is how often the leader changed until all was steady again; 1 is right.
	Moves int `json:"moves"`
	// EndsAtOnce says that the lost leader had neither a drain window nor a preStop hook of its own.
	EndsAtOnce bool `json:"endsAtOnce,omitempty"`
	// Missed says that nobody took over in time, or that the loss could not be provoked.
	Missed bool `json:"missed,omitempty"`
	// Error is why the loss could not be provoked or followed; such a sample has no latency.
	Error string `json:"error,omitempty"`
}

// Published are the figures that the starting point of this project published for 50 failovers, in its own setting and
// measured by polling. They stand beside every run for orientation, not as a comparison on equal terms.
type Published struct {
	Failovers int     `json:"failovers"`
	MinMs     float64 `json:"minMs"`
	MaxMs     float64 `json:"maxMs"`
	MeanMs    float64 `json:"meanMs"`
}

func published() Published {
	return Published{Failovers: 50, MinMs: 910, MaxMs: 4860, MeanMs: 1280}
}

// finishRow fills in everything that follows from a row's samples.
func finishRow(row Row) Row {
	var latencies []float64
	for _, sample := range row.Samples {
		if sample.Missed {
			row.Missed++
		}
		if sample.Error == "" {
			latencies = append(latencies, sample.LatencyMs)
		}
	}
	row.Measured = len(latencies)
	row.Summary = summarize(latencies)
	return row
}

// compare fills in the ratios of Tanist's rows to the floor's of the same mode.
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

// notes are the sentences that follow from the rows.
func notes(rows []Row) []string {
	var notes []string
	for _, row := range rows {
		extra, windowless, failed, last := 0, 0, 0, ""
		for _, sample := range row.Samples {
			if sample.EndsAtOnce {
				windowless++
			}
			if sample.Moves > 1 {
				extra++
			}
			if sample.Error != "" {
				failed++
				last = sample.Error
			}
		}
		if extra > 0 {
			notes = append(notes, fmt.Sprintf("%s, %s: the leader moved more than once in %d of %d failovers", row.Mode, row.Who,
				extra, len(row.Samples)))
		}
		if windowless > 0 && row.Traffic != nil && row.Mode.graceful() {
			notes = append(notes, fmt.Sprintf("%s, %s: %d of %d leaders had no drain window and stopped serving at once: "+
				"requests fail until kube-proxy has followed", row.Mode, row.Who, windowless, len(row.Samples)))
		}
		if failed > 0 {
			notes = append(notes, fmt.Sprintf("%s, %s: %d of %d failovers could not be measured, the last: %s", row.Mode, row.Who,
				failed, len(row.Samples), last))
		}
		if late := row.Missed - failed; late > 0 {
			notes = append(notes, fmt.Sprintf("%s, %s: nobody took over in time in %d of %d failovers; the statistics have the timeout for them",
				row.Mode, row.Who, late, len(row.Samples)))
		}
	}
	return notes
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("failed to write report: %w", err)
	}
	return nil
}
