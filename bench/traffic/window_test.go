package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTally(t *testing.T) {
	type event struct {
		kind    requestKind
		at      int // Milliseconds after the client began.
		latency int // Milliseconds, too.
		failure string
		cut     bool
	}
	tests := map[string]struct {
		events []event
		want   []Window
	}{
		"successes are counted by kind, with the longest time between them": {
			[]event{
				{kind: freshRequest, at: 10, latency: 3},
				{kind: freshRequest, at: 40, latency: 35},
				{kind: keptRequest, at: 50, latency: 1},
				{kind: freshRequest, at: 60, latency: 4},
				{at: 60, cut: true},
			},
			[]Window{{
				Number: 1, Fresh: Count{OK: 3, LongestGapMs: 30, SlowestMs: 35}, Kept: Count{OK: 1, LongestGapMs: 50, SlowestMs: 1},
			}},
		},
		"answers out of order neither shorten nor lengthen a gap": {
			[]event{
				{kind: freshRequest, at: 10},
				{kind: freshRequest, at: 50},
				{kind: freshRequest, at: 49},
				{kind: freshRequest, at: 60},
				{at: 60, cut: true},
			},
			[]Window{{Number: 1, Fresh: Count{OK: 4, LongestGapMs: 40}, Kept: Count{LongestGapMs: 60}}},
		},
		"failures have a name and do not end a gap": {
			[]event{
				{kind: freshRequest, at: 10},
				{kind: freshRequest, at: 20, failure: "refused"},
				{kind: freshRequest, at: 30, latency: 1000, failure: "timeout"},
				{kind: freshRequest, at: 90},
				{at: 100, cut: true},
			},
			[]Window{{
				Number: 1, Fresh: Count{OK: 2, Failed: 2, LongestGapMs: 80}, Kept: Count{LongestGapMs: 100},
				Errors: map[string]int64{"refused": 1, "timeout": 1},
			}},
		},
		"a gap over the end of a window is whole in the next": {
			[]event{
				{kind: freshRequest, at: 100},
				{kind: keptRequest, at: 100},
				{at: 1000, cut: true},
				{kind: freshRequest, at: 1500},
				{kind: keptRequest, at: 1010},
				{at: 2000, cut: true},
			},
			[]Window{
				{Number: 1, Fresh: Count{OK: 1, LongestGapMs: 900}, Kept: Count{OK: 1, LongestGapMs: 900}},
				{Number: 2, Fresh: Count{OK: 1, LongestGapMs: 1400}, Kept: Count{OK: 1, LongestGapMs: 990}},
			},
		},
		"a window without a request is one long gap": {
			[]event{{at: 1000, cut: true}},
			[]Window{{Number: 1, Fresh: Count{LongestGapMs: 1000}, Kept: Count{LongestGapMs: 1000}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			began := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
			counts := newTally(began)
			var got []Window
			for _, e := range test.events {
				at := began.Add(time.Duration(e.at) * time.Millisecond)
				if e.cut {
					got = append(got, counts.cut(at))
				} else {
					counts.add(outcome{kind: e.kind, at: at, latency: time.Duration(e.latency) * time.Millisecond, failure: e.failure})
				}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Window{}, "Began"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("windows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSum(t *testing.T) {
	got := sum([]Window{
		{Fresh: Count{OK: 10, Failed: 1, LongestGapMs: 20, SlowestMs: 15}, Kept: Count{OK: 3, LongestGapMs: 9}, Errors: map[string]int64{"reset": 1}},
		{Fresh: Count{OK: 5, LongestGapMs: 12}, Kept: Count{OK: 2, Failed: 2, LongestGapMs: 70, SlowestMs: 16}, Errors: map[string]int64{"reset": 1, "timeout": 1}},
	})
	want := Totals{
		OK: 20, Failed: 3, LongestGapMs: 70, SlowestMs: 16,
		Fresh: Count{OK: 15, Failed: 1, LongestGapMs: 20, SlowestMs: 15}, Kept: Count{OK: 5, Failed: 2, LongestGapMs: 70, SlowestMs: 16},
		Errors: map[string]int64{"reset": 2, "timeout": 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("traffic (-want +got):\n%s", diff)
	}
}
