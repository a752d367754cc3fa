package certs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsAreReportedOnce(t *testing.T) {
	type look struct {
		after    time.Duration // since the look before
		problems []string
		mute     bool
		wantDue  []string
		wantNext time.Duration
	}
	cases := map[string][]look{
		"after some time, once": {
			{problems: []string{"a"}, wantNext: 5 * time.Second},
			{after: 2 * time.Second, problems: []string{"a"}, wantNext: 3 * time.Second},
			{after: 3 * time.Second, problems: []string{"a"}, wantDue: []string{"a"}},
			{after: time.Hour, problems: []string{"a"}},
		},
		"never, if it goes before": {
			{problems: []string{"a"}, wantNext: 5 * time.Second},
			{after: time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantNext: 5 * time.Second},
		},
		"again, if it comes back": {
			{problems: []string{"a"}, wantNext: 5 * time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantDue: []string{"a"}},
			{after: time.Second},
			{after: time.Second, problems: []string{"a"}, wantNext: 5 * time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantDue: []string{"a"}},
		},
		"each by itself": {
			{problems: []string{"a"}, wantNext: 5 * time.Second},
			{after: 4 * time.Second, problems: []string{"a", "b"}, wantNext: time.Second},
			{after: time.Second, problems: []string{"a", "b"}, wantDue: []string{"a"}, wantNext: 4 * time.Second},
			{after: 4 * time.Second, problems: []string{"a", "b"}, wantDue: []string{"b"}},
		},
		"by a replica that comes to hold the Lease": {
			{problems: []string{"a"}, mute: true, wantNext: 5 * time.Second},
			{after: time.Hour, problems: []string{"a"}, mute: true},
			{after: time.Hour, problems: []string{"a"}, wantDue: []string{"a"}},
			{after: time.Hour, problems: []string{"a"}},
		},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			var d deduplicator
			now := today
			for i, look := range looks {
				now = now.Add(look.after)
				var all []finding
				for _, problem := range look.problems {
					all = append(all, finding{problem: problem})
				}
				due, next := d.due(now, all, !look.mute)
				var got []string
				for _, f := range due {
					got = append(got, f.problem)
				}
				if diff := cmp.Diff(look.wantDue, got); diff != "" {
					t.Errorf("look %d: unexpected findings (-want +got):\n%s", i, diff)
				}
				if next != look.wantNext {
					t.Errorf("look %d: next is %s, want %s", i, next, look.wantNext)
				}
			}
		})
	}
}
