package traffic

import "time"

// Totals is what a client saw of a leader Service over some time.
type Totals struct {
	// OK and Failed count requests of both kinds.
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
	// LongestGapMs is the longest time without a successful request, the larger of the two kinds'.
	LongestGapMs float64 `json:"longestGapMs"`
	// SlowestMs is the longest time until an answer, of both kinds, from when its request was due. A request that was not answered within a
	// second has failed, and is not in it.
	SlowestMs float64 `json:"slowestMs"`
	// Fresh are requests that opened a connection each; Kept are those on connections that were kept alive.
	Fresh Count `json:"newConnections"`
	Kept  Count `json:"keepAlive"`
	// Errors counts failures by their kind: timeout, refused, reset, closed, status, late (the client itself did not run in time), other.
	Errors map[string]int64 `json:"errors,omitempty"`
}

// Count is what became of the requests of one kind.
type Count struct {
	OK           int64   `json:"ok"`
	Failed       int64   `json:"failed"`
	LongestGapMs float64 `json:"longestGapMs"`
	SlowestMs    float64 `json:"slowestMs"`
}

// Plus returns the counts of two windows, or of two clients, together.
func (c Count) Plus(other Count) Count {
	return Count{
		OK: c.OK + other.OK, Failed: c.Failed + other.Failed,
		LongestGapMs: max(c.LongestGapMs, other.LongestGapMs), SlowestMs: max(c.SlowestMs, other.SlowestMs),
	}
}

// Window is what a client saw in about a second: one line of its output.
type Window struct {
	// Number counts a client's windows from 1.
	Number int              `json:"number"`
	Began  time.Time        `json:"began"`
	Fresh  Count            `json:"newConnections"`
	Kept   Count            `json:"keepAlive"`
	Errors map[string]int64 `json:"errors,omitempty"`
}

// sum adds windows up. A gap that spans windows counts whole in the one in which it ended.
func sum(windows []Window) Totals {
	totals := Totals{Errors: map[string]int64{}}
	for _, window := range windows {
		totals.Fresh = totals.Fresh.Plus(window.Fresh)
		totals.Kept = totals.Kept.Plus(window.Kept)
		for kind, count := range window.Errors {
			totals.Errors[kind] += count
		}
	}
	both := totals.Fresh.Plus(totals.Kept)
	totals.OK, totals.Failed, totals.LongestGapMs, totals.SlowestMs = both.OK, both.Failed, both.LongestGapMs, both.SlowestMs
	return totals
}
