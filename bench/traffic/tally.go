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

// add counts a request that ended at a time; an empty failure is a success.
func (t *tally) add(kind requestKind, at time.Time, failure string) {
	count := t.counts[kind]
	if failure != "" {
		count.Failed++
		t.errors[failure]++
		return
	}
	count.OK++
	count.extendGap(at)
	count.succeeded = at
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

// extendGap notes the time since the last success if it is the longest gap of the window, to the microsecond.
func (t *kindTally) extendGap(at time.Time) {
	t.LongestGapMs = max(t.LongestGapMs, float64(at.Sub(t.succeeded).Microseconds())/1000)
}
