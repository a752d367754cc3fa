package traffic

import "time"

// Totals is what a client saw of a leader Service over some time.
type Totals struct {
	// OK and Failed count requests of both kinds.
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
	// LongestGapMs is the longest time without a successful request, the larger of the two kinds'.
	LongestGapMs float64 `json:"longestGapMs"`
	// Fresh are requests that opened a connection each; Kept are those on a connection that was kept alive.
	Fresh Count `json:"newConnections"`
	Kept  Count `json:"keepAlive"`
	// Errors counts failures by their kind: timeout, refused, reset, closed, status, other.
	Errors map[string]int64 `json:"errors,omitempty"`
}

// Count is what became of the requests of one kind.
type Count struct {
	OK           int64   `json:"ok"`
	Failed       int64   `json:"failed"`
	LongestGapMs float64 `json:"longestGapMs"`
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
		totals.Fresh = totals.Fresh.plus(window.Fresh)
		totals.Kept = totals.Kept.plus(window.Kept)
		for kind, count := range window.Errors {
			totals.Errors[kind] += count
		}
	}
	totals.OK, totals.Failed = totals.Fresh.OK+totals.Kept.OK, totals.Fresh.Failed+totals.Kept.Failed
	totals.LongestGapMs = max(totals.Fresh.LongestGapMs, totals.Kept.LongestGapMs)
	return totals
}

func (c Count) plus(other Count) Count {
	return Count{
		OK: c.OK + other.OK, Failed: c.Failed + other.Failed, LongestGapMs: max(c.LongestGapMs, other.LongestGapMs),
	}
}
