package cache

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/leaderslice"
)

func TestMisses(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want Want
		miss Miss
	}{
		"nothing happens":                        {feed: func(*Leaders) {}, want: one},
		"a slice that no informer has delivered": {feed: func(*Leaders) {}, want: both},
		"a slice is deleted":                     {feed: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "1001", at(1)) }, want: one},
		"a slice that a live read did not find": {
			feed: func(l *Leaders) { l.Refresh(web, one, nil, at(1), at(1)) }, want: one,
		},
		"a slice loses its term": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 0, "a"), at(1)) }, want: one, miss: MissUnknown,
		},
		"the other family's slice loses its term": {
			feed: func(l *Leaders) { l.Observe(web, named(ipv6, slice("101", 0, "a")), at(1)) }, want: both, miss: MissUnknown,
		},
		"a slice that is not wanted loses its term": {
			feed: func(l *Leaders) { l.Observe(web, named(ipv6, slice("101", 0, "a")), at(1)) }, want: one,
		},
		"the entry is invalidated": {feed: func(l *Leaders) { l.Invalidate(web, ServiceChanged, at(0)) }, want: one, miss: MissInvalidated},
		"the entry is invalidated, then read live": {
			feed: func(l *Leaders) {
				l.Invalidate(web, ServiceChanged, at(0))
				l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(1), at(1))
			},
			want: one,
		},
		"the entry is invalidated while it is read live": {
			feed: func(l *Leaders) {
				l.Invalidate(web, SliceChanged, at(2))
				l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(1), at(3))
			},
			want: one, miss: MissInvalidated,
		},
		"the Service is another one of the same name": {
			feed: func(*Leaders) {}, want: Want{Service: "second", Slices: one.Slices}, miss: MissInvalidated,
		},
		"the Service is forgotten":             {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: one},
		"the leader Service gets another name": {feed: func(*Leaders) {}, want: Want{Service: "service", Slices: []string{"boss-ipv4"}}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if _, got := l.Lookup(web, test.want); got != test.miss {
				t.Errorf("got miss %q, want %q", got, test.miss)
			}
		})
	}
}

func TestPeekComplete(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want Want
		warm bool
	}{
		"all is known":                                {feed: func(*Leaders) {}, want: one, warm: true},
		"one family has no slice":                     {feed: func(*Leaders) {}, want: both, warm: true},
		"a slice loses its term":                      {feed: func(l *Leaders) { l.Observe(web, slice("101", 0, "a"), at(1)) }, want: one},
		"the entry is invalidated":                    {feed: func(l *Leaders) { l.Invalidate(web, PodRecreated, at(0)) }, want: one},
		"the Service is another one of the same name": {feed: func(*Leaders) {}, want: Want{Service: "second", Slices: one.Slices}},
		"the Service is not known":                    {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: one},
		"only a slice of the Service is known":        {feed: func(l *Leaders) { l.Forget(web, OptedOut); l.Observe(web, slice("100", 5, "a"), at(1)) }, want: one},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			hits, entries := testutil.ToFloat64(l.metrics.hits), len(l.entries)
			record, warm := l.PeekComplete(web, test.want)
			if warm != test.warm || warm && record.Leader.Name != "a" {
				t.Errorf("got %+v, %v", record.State, warm)
			}
			if got := testutil.ToFloat64(l.metrics.hits); got != hits || len(l.entries) != entries {
				t.Errorf("Warm counts %v hits and creates %d entries", got-hits, len(l.entries)-entries)
			}
		})
	}
}
