package cache

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

func TestMisses(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want Want
		miss Miss
	}{
		"nothing has happened":                            {feed: func(*Leaders) {}, want: one},
		"a slice that no informer delivered is not there": {feed: func(*Leaders) {}, want: both},
		"a slice was deleted":                             {feed: func(l *Leaders) { l.Gone(web, ipv4, "slice", "1001", at(1)) }, want: one},
		"a slice that a live read did not find": {
			feed: func(l *Leaders) { l.Refresh(web, one, nil, at(1), at(1)) }, want: one,
		},
		"a slice lost its term": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 0, "a"), at(1)) }, want: one, miss: MissUnknown,
		},
		"the other family's slice lost its term": {
			feed: func(l *Leaders) { l.Observe(web, named(ipv6, slice("101", 0, "a")), at(1)) }, want: both, miss: MissUnknown,
		},
		"a slice that is not asked for lost its term": {
			feed: func(l *Leaders) { l.Observe(web, named(ipv6, slice("101", 0, "a")), at(1)) }, want: one,
		},
		"the entry is invalidated": {feed: func(l *Leaders) { l.Invalidate(web, ServiceChanged, at(0)) }, want: one, miss: MissInvalidated},
		"the entry was rebuilt since": {
			feed: func(l *Leaders) {
				l.Invalidate(web, ServiceChanged, at(0))
				l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(1), at(1))
			},
			want: one,
		},
		"the entry is invalidated while it is rebuilt": {
			feed: func(l *Leaders) {
				l.Invalidate(web, SliceChanged, at(2))
				l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(1), at(3))
			},
			want: one, miss: MissInvalidated,
		},
		"the Service is another one of the same name": {
			feed: func(*Leaders) {}, want: Want{Service: "second", Slices: one.Slices}, miss: MissInvalidated,
		},
		"the Service was forgotten":               {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: one},
		"the leader Service has another name now": {feed: func(*Leaders) {}, want: Want{Service: "service", Slices: []string{"boss-ipv4"}}},
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

func TestWarm(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want Want
		warm bool
	}{
		"all is known":                         {feed: func(*Leaders) {}, want: one, warm: true},
		"one family has no slice (yet)":        {feed: func(*Leaders) {}, want: both, warm: true},
		"a slice lost its term":                {feed: func(l *Leaders) { l.Observe(web, slice("101", 0, "a"), at(1)) }, want: one},
		"what is known is not trusted":         {feed: func(l *Leaders) { l.Invalidate(web, PodRecreated, at(0)) }, want: one},
		"it is another Service":                {feed: func(*Leaders) {}, want: Want{Service: "second", Slices: one.Slices}},
		"nothing is known":                     {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: one},
		"only slices are known of the Service": {feed: func(l *Leaders) { l.Forget(web, OptedOut); l.Observe(web, slice("100", 5, "a"), at(1)) }, want: one},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			hits, entries := testutil.ToFloat64(l.metrics.hits), len(l.entries)
			record, warm := l.Warm(web, test.want)
			if warm != test.warm || warm && record.Leader.Name != "a" {
				t.Errorf("got %+v, %v", record.State, warm)
			}
			if got := testutil.ToFloat64(l.metrics.hits); got != hits || len(l.entries) != entries {
				t.Errorf("asking changes something: %v hits were counted, %d entries made", got-hits, len(l.entries)-entries)
			}
		})
	}
}

func TestNeededAndBehindCountFromTheFirstTime(t *testing.T) {
	l := knowing(t)
	for name, since := range map[string]func(int) int{
		"needed": func(now int) int { return int(l.Needed(web, at(now)).Sub(t0).Seconds()) },
		"behind": func(now int) int { return int(l.Behind(web, at(now)).Sub(t0).Seconds()) },
	} {
		if got := since(1); got != 1 {
			t.Errorf("%s since second %d, want 1", name, got)
		}
		if got := since(2); got != 1 {
			t.Errorf("%s since second %d after another look, want 1", name, got)
		}
	}
	l.Settled(web, nil)
	if needed, behind := l.Needed(web, at(3)), l.Behind(web, at(4)); !needed.Equal(at(3)) || !behind.Equal(at(4)) {
		t.Errorf("needed since %s, behind since %s although it was settled meanwhile", needed, behind)
	}
}

func TestOthersCommitWhenTheirSlicesArrive(t *testing.T) {
	l := knowing(t)
	l.Committed(web, slice("101", 6, "b"), at(1))
	l.Observe(web, slice("101", 6, "b"), at(2))
	if got := l.OthersCommitted(); !got.Equal(at(0)) {
		t.Errorf("got %s after our own commit, want %s", got, at(0))
	}
	l.Refresh(web, one, []leaderslice.Slice{slice("102", 7, "c")}, at(3), at(3))
	if got := l.OthersCommitted(); !got.Equal(at(0)) {
		t.Errorf("got %s after a live read, want %s", got, at(0))
	}
	l.Observe(types.NamespacedName{Namespace: "shop", Name: "api"}, slice("103", 1, "x"), at(4))
	if got := l.OthersCommitted(); !got.Equal(at(4)) {
		t.Errorf("got %s after another's commit for another Service, want %s", got, at(4))
	}
}

func TestSettledTellsWhenAnotherPodFollows(t *testing.T) {
	l := knowing(t)
	b := &election.Candidate{Name: "b"}
	for i, step := range []struct {
		do        func()
		successor *election.Candidate
		want      bool
	}{
		{successor: nil, want: true}, // nothing was known before
		{successor: nil},
		{successor: b, want: true},
		{successor: &election.Candidate{Name: "b", Priority: 5}},
		{do: func() { l.Invalidate(web, ServiceChanged, at(0)) }, successor: b, want: true},
		{do: func() { l.Believe(web, leads("b", 6), 6) }, successor: nil, want: true},
		{do: func() { l.Forget(web, OptedOut) }, successor: b},
	} {
		if step.do != nil {
			step.do()
		}
		if got := l.Settled(web, step.successor); got != step.want {
			t.Errorf("step %d: changed %t, want %t", i, got, step.want)
		}
	}
}
