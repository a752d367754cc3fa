package traffic

import (
	"maps"
	"time"
)

// requestKind is a kind of request.
type requestKind int

const (
	freshRequest requestKind = iota
	keptRequest
)

// tally turns the outcomes of requests into windows. It reads no clock and is not safe for concurrent use.
type tally struct {
	number int
	began  time.Time
	counts map[requestKind]*kindTally
	errors map[string]int64
}

// kindTally is the part of the current window that belongs to one kind of request.
type kindTally struct {
	Count
	// succeeded is the last success, in whatever window, or when the client began.
	succeeded time.Time
}

func newTally(began time.Time) *tally {
	return &tally{
		began: began, errors: map[string]int64{},
		counts: map[requestKind]*kindTally{freshRequest: {succeeded: began}, keptRequest: {succeeded: began}},
	}
}

// add counts a request that ended; an empty failure is a success. Of two that end at about the same time, the later one may come first.
func (t *tally) add(o outcome) {
	count := t.counts[o.kind]
	if o.failure != "" {
		count.Failed++
		t.errors[o.failure]++
		return
	}
	count.OK++
	count.SlowestMs = max(count.SlowestMs, inMs(o.latency))
	count.extendGap(o.at)
	if o.at.After(count.succeeded) {
		count.succeeded = o.at
	}
}

// cut ends a window and begins the next. A gap that is still open counts with its length so far.
func (t *tally) cut(at time.Time) Window {
	t.number++
	window := Window{Number: t.number, Began: t.began, Errors: maps.Clone(t.errors)}
	for kind, count := range t.counts {
		count.extendGap(at)
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

// extendGap notes the time since the last success if it is the longest gap of the window.
func (t *kindTally) extendGap(at time.Time) {
	t.LongestGapMs = max(t.LongestGapMs, inMs(at.Sub(t.succeeded)))
}

// inMs returns a duration in milliseconds, to the microsecond.
func inMs(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// outcome is one request that ended.
type outcome struct {
	kind requestKind
	at   time.Time
	// latency is the time from when the request was due, not from when it was sent.
	latency time.Duration
	failure string
}
