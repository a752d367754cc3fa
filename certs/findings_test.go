package certs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsAreSaidOnce(t *testing.T) {
	type look struct {
		after     time.Duration // since the look before
		problems  []string
		mute      bool
		wantNews  []string
		wantAgain time.Duration
	}
	cases := map[string][]look{
		"after it has settled, once": {
			{problems: []string{"a"}, wantAgain: 5 * time.Second},
			{after: 2 * time.Second, problems: []string{"a"}, wantAgain: 3 * time.Second},
			{after: 3 * time.Second, problems: []string{"a"}, wantNews: []string{"a"}},
			{after: time.Hour, problems: []string{"a"}},
		},
		"never, when it goes at once": {
			{problems: []string{"a"}, wantAgain: 5 * time.Second},
			{after: time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantAgain: 5 * time.Second},
		},
		"again, when it comes back": {
			{problems: []string{"a"}, wantAgain: 5 * time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantNews: []string{"a"}},
			{after: time.Second},
			{after: time.Second, problems: []string{"a"}, wantAgain: 5 * time.Second},
			{after: 5 * time.Second, problems: []string{"a"}, wantNews: []string{"a"}},
		},
		"each by itself": {
			{problems: []string{"a"}, wantAgain: 5 * time.Second},
			{after: 4 * time.Second, problems: []string{"a", "b"}, wantAgain: time.Second},
			{after: time.Second, problems: []string{"a", "b"}, wantNews: []string{"a"}, wantAgain: 4 * time.Second},
			{after: 4 * time.Second, problems: []string{"a", "b"}, wantNews: []string{"b"}},
		},
		"by a replica that comes to hold the Lease": {
			{problems: []string{"a"}, mute: true, wantAgain: 5 * time.Second},
			{after: time.Hour, problems: []string{"a"}, mute: true},
			{after: time.Hour, problems: []string{"a"}, wantNews: []string{"a"}},
			{after: time.Hour, problems: []string{"a"}},
		},
	}
	for name, looks := range cases {
		t.Run(name, func(t *testing.T) {
			var s standing
			now := today
			for i, look := range looks {
				now = now.Add(look.after)
				var all []finding
				for _, problem := range look.problems {
					all = append(all, finding{problem: problem})
				}
				news, again := s.news(now, all, !look.mute)
				var got []string
				for _, f := range news {
					got = append(got, f.problem)
				}
				if diff := cmp.Diff(look.wantNews, got); diff != "" {
					t.Errorf("look %d: unexpected news (-want +got):\n%s", i, diff)
				}
				if again != look.wantAgain {
					t.Errorf("look %d: looks again after %s, want %s", i, again, look.wantAgain)
				}
			}
		})
	}
}
