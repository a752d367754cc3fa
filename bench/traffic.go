package bench

import (
	"maps"
	"time"
)

// Traffic is what clients saw of a leader Service during a row.
type Traffic struct {
	// OK and Failed count requests of both kinds.
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
	// LongestGapMs is the longest time without a successful request, the larger of the two kinds'.
	LongestGapMs float64 `json:"longestGapMs"`
	// Fresh are requests that each opened a connection; Kept are those on a connection that was kept alive.
	Fresh Count `json:"newConnections"`
	Kept  Count `json:"keepAlive"`
	// Errors counts failures by what they looked like: timeout, refused, reset, closed, status, other.
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

// sumWindows adds windows up. Gaps that span windows are whole in the one in which they ended.
func sumWindows(windows []Window) Traffic {
	sum := Traffic{Errors: map[string]int64{}}
	for _, window := range windows {
		sum.Fresh = sum.Fresh.plus(window.Fresh)
		sum.Kept = sum.Kept.plus(window.Kept)
		for kind, count := range window.Errors {
			sum.Errors[kind] += count
		}
	}
	sum.OK, sum.Failed = sum.Fresh.OK+sum.Kept.OK, sum.Fresh.Failed+sum.Kept.Failed
	sum.LongestGapMs = max(sum.Fresh.LongestGapMs, sum.Kept.LongestGapMs)
	return sum
}

func (c Count) plus(other Count) Count {
	return Count{
		OK: c.OK + other.OK, Failed: c.Failed + other.Failed, LongestGapMs: max(c.LongestGapMs, other.LongestGapMs),
	}
}

// tally keeps a client's books: outcomes go in, windows come out. It reads no clock and is not safe for concurrent use.
type tally struct {
	number int
	began  time.Time
	counts map[requestKind]*kindTally
	errors map[string]int64
}

// kindTally is the part of a window that belongs to one kind of request.
type kindTally struct {
	Count
	// succeeded is the last success, in whatever window, or when the client began.
	succeeded time.Time
}

// requestKind is a kind of request.
type requestKind int

const (
	freshRequest requestKind = iota
	keptRequest
)

func newTally(began time.Time) *tally {
	return &tally{
		began: began, errors: map[string]int64{},
		counts: map[requestKind]*kindTally{freshRequest: {succeeded: began}, keptRequest: {succeeded: began}},
	}
}

// add notes the outcome of a request that ended at a time; an empty failure is a success.
func (t *tally) add(kind requestKind, at time.Time, failure string) {
	count := t.counts[kind]
	if failure != "" {
		count.Failed++
		t.errors[failure]++
		return
	}
	count.OK++
	count.LongestGapMs = max(count.LongestGapMs, milliseconds(at.Sub(count.succeeded)))
	count.succeeded = at
}

// cut ends a window and begins the next. A gap that is still open counts as long as it is by now.
func (t *tally) cut(at time.Time) Window {
	t.number++
	window := Window{Number: t.number, Began: t.began, Errors: maps.Clone(t.errors)}
	for kind, count := range t.counts {
		count.LongestGapMs = max(count.LongestGapMs, milliseconds(at.Sub(count.succeeded)))
		if kind == freshRequest {
			window.Fresh = count.Count
		} else {
			window.Kept = count.Count
		}
		count.Count = Count{}
	}
	clear(t.errors)
	t.began = at
	return window
}
