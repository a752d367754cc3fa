package cache

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/leaderslice"
)

// ipv4Slice is what is known of the IPv4 slice; zero if it does not exist.
type ipv4Slice struct {
	Leader  string
	Term    int64
	Version string
}

func lookup(l *Leaders, want Want) ipv4Slice {
	record, _ := l.Lookup(web, want)
	slice := record.Slices[ipv4]
	return ipv4Slice{Leader: slice.State.Leader.Name, Term: slice.State.Term, Version: slice.ResourceVersion}
}

func TestTheNewerVersionWins(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want ipv4Slice
	}{
		"nothing happens": {
			feed: func(*Leaders) {},
			want: ipv4Slice{Leader: "a", Term: 5, Version: "100"},
		},
		"an event brings a newer version": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 6, "b"), at(1)) },
			want: ipv4Slice{Leader: "b", Term: 6, Version: "101"},
		},
		"the answer to our write comes before its event": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("101", 6, "b"), at(1))
				l.Observe(web, slice("101", 6, "b"), at(2))
			},
			want: ipv4Slice{Leader: "b", Term: 6, Version: "101"},
		},
		"an informer that lags behind our write does not undo it": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("103", 7, "c"), at(1))
				l.Observe(web, slice("102", 6, "b"), at(2))
			},
			want: ipv4Slice{Leader: "c", Term: 7, Version: "103"},
		},
		"another replica's later write stays although its event comes before the answer to ours": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("102", 7, "c"), at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
			want: ipv4Slice{Leader: "c", Term: 7, Version: "102"},
		},
		"a deletion stays although the answer to an earlier write of ours comes after it": {
			feed: func(l *Leaders) {
				l.ObserveDeletion(web, ipv4, "slice", "102", at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
		},
		"a deletion stays although the answer comes after the event and the deletion": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("101", 6, "b"), at(1))
				l.ObserveDeletion(web, ipv4, "slice", "1002", at(2))
				l.Committed(web, slice("101", 6, "b"), at(3))
			},
		},
		"a slice is created after a deletion": {
			feed: func(l *Leaders) {
				l.ObserveDeletion(web, ipv4, "slice", "101", at(1))
				next := slice("102", 6, "b")
				next.UID = "next"
				l.Observe(web, next, at(2))
			},
			want: ipv4Slice{Leader: "b", Term: 6, Version: "102"},
		},
		"the deletion of an earlier slice of the same name is ignored": {
			feed: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "earlier", "101", at(1)) },
			want: ipv4Slice{Leader: "a", Term: 5, Version: "100"},
		},
		"a version with more digits is newer": {
			feed: func(l *Leaders) { l.Observe(web, slice("1000", 6, "b"), at(1)) },
			want: ipv4Slice{Leader: "b", Term: 6, Version: "1000"},
		},
		"a version that is not a number counts as newer": {
			feed: func(l *Leaders) { l.Observe(web, slice("one", 6, "b"), at(1)) },
			want: ipv4Slice{Leader: "b", Term: 6, Version: "one"},
		},
		"the known version comes again": {
			feed: func(l *Leaders) { l.Observe(web, slice("100", 9, "z"), at(1)) },
			want: ipv4Slice{Leader: "a", Term: 5, Version: "100"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if diff := cmp.Diff(test.want, lookup(l, one)); diff != "" {
				t.Errorf("unexpected slice (-want +got):\n%s", diff)
			}
		})
	}
}

// The live read begins at second 1 and ends at second 3.
func TestALiveReadReplacesWhatIsKnownUnlessSomethingNewerArrives(t *testing.T) {
	cases := map[string]struct {
		before, during, after func(*Leaders)
		found                 []leaderslice.Slice
		want                  ipv4Slice
	}{
		"it finds what the informer has not delivered yet": {
			found: []leaderslice.Slice{slice("105", 8, "d")},
			want:  ipv4Slice{Leader: "d", Term: 8, Version: "105"},
		},
		"it finds an older version: etcd was restored": {
			found: []leaderslice.Slice{slice("50", 3, "z")},
			want:  ipv4Slice{Leader: "z", Term: 3, Version: "50"},
		},
		"the events after a restore are newer than what it found": {
			found: []leaderslice.Slice{slice("50", 3, "z")},
			after: func(l *Leaders) { l.Observe(web, slice("51", 6, "b"), at(4)) },
			want:  ipv4Slice{Leader: "b", Term: 6, Version: "51"},
		},
		"it finds nothing": {},
		"it finds nothing, and the slice is created with an older version: etcd was restored": {
			after: func(l *Leaders) { l.Committed(web, slice("51", 6, "b"), at(4)) },
			want:  ipv4Slice{Leader: "b", Term: 6, Version: "51"},
		},
		"it finds an older version than an event that arrives meanwhile": {
			during: func(l *Leaders) { l.Observe(web, slice("106", 9, "e"), at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   ipv4Slice{Leader: "e", Term: 9, Version: "106"},
		},
		"it finds a newer version than an event that arrives meanwhile": {
			during: func(l *Leaders) { l.Observe(web, slice("104", 7, "c"), at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   ipv4Slice{Leader: "d", Term: 8, Version: "105"},
		},
		"it finds nothing, and the event of the slice's creation arrives meanwhile": {
			before: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "101", at(0)) },
			during: func(l *Leaders) { l.Observe(web, slice("102", 6, "b"), at(2)) },
			want:   ipv4Slice{Leader: "b", Term: 6, Version: "102"},
		},
		"it finds nothing, and the answer to our write arrives meanwhile": {
			before: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "101", at(0)) },
			during: func(l *Leaders) { l.Committed(web, slice("102", 6, "b"), at(2)) },
			want:   ipv4Slice{Leader: "b", Term: 6, Version: "102"},
		},
		"it finds a slice whose deletion arrives meanwhile": {
			during: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "106", at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
		},
		"it finds a slice that was created after a deletion that arrives meanwhile": {
			during: func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "104", at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   ipv4Slice{Leader: "d", Term: 8, Version: "105"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			for _, feed := range []func(*Leaders){test.before, test.during, func(l *Leaders) {
				l.Refresh(web, one, test.found, at(1), at(3))
			}, test.after} {
				if feed != nil {
					feed(l)
				}
			}
			if diff := cmp.Diff(test.want, lookup(l, one)); diff != "" {
				t.Errorf("unexpected slice (-want +got):\n%s", diff)
			}
		})
	}
}

// A live read that finds nothing must not leave an entry that no later read or event can replace.
func TestALiveReadThatFindsNothingBlocksNoLaterOne(t *testing.T) {
	l := New()
	l.Lookup(web, one)
	l.Observe(web, slice("100", 5, "a"), at(2))
	l.Refresh(web, one, nil, at(1), at(3))
	l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(4), at(5))
	if diff := cmp.Diff(ipv4Slice{Leader: "a", Term: 5, Version: "100"}, lookup(l, one)); diff != "" {
		t.Errorf("unexpected slice (-want +got):\n%s", diff)
	}

	l = New()
	l.Refresh(web, one, nil, at(1), at(2))
	l.Observe(web, slice("100", 5, "a"), at(3)) // the informer lags: the slice was written before the read
	if diff := cmp.Diff(ipv4Slice{Leader: "a", Term: 5, Version: "100"}, lookup(l, one)); diff != "" {
		t.Errorf("unexpected slice (-want +got):\n%s", diff)
	}
}

func TestRefreshReturnsWhatIsKnownAfterwards(t *testing.T) {
	l := knowing(t)
	record := l.Refresh(web, both, []leaderslice.Slice{slice("105", 8, "d"), named(ipv6, slice("90", 7, "c"))}, at(1), at(3))
	got := map[string]string{}
	for name, slice := range record.Slices {
		got[name] = slice.ResourceVersion
	}
	if diff := cmp.Diff(map[string]string{ipv4: "105", ipv6: "90"}, got); diff != "" {
		t.Errorf("unexpected slices (-want +got):\n%s", diff)
	}
	if record.Leader.Name != "a" || record.HighestTerm != 5 {
		t.Errorf("a live read changes who leads before a decision: %+v", record)
	}
}

func TestObserveReportsWhatIsNew(t *testing.T) {
	l := New()
	for i, step := range []struct {
		got, want bool
	}{
		{l.ObserveDeletion(web, ipv4, "slice", "99", at(0)), false}, // the slice is not known
		{l.Observe(web, slice("100", 5, "a"), at(0)), true},
		{l.Observe(web, slice("100", 5, "a"), at(1)), false},
		{l.Observe(web, slice("99", 4, "z"), at(1)), false},
		{l.ObserveDeletion(web, ipv4, "earlier", "101", at(1)), false},
		{l.ObserveDeletion(web, ipv4, "slice", "101", at(1)), true},
		{l.ObserveDeletion(web, ipv4, "slice", "101", at(1)), false},
	} {
		if step.got != step.want {
			t.Errorf("step %d: new is %t, want %t", i, step.got, step.want)
		}
	}
}

func TestTheNewestVersionOfAPodIsKept(t *testing.T) {
	l := knowing(t)
	for _, step := range []struct{ version, want string }{
		{"30", "30"},
		{"29", "30"}, // delivered later, because its labels match the selector only now
		{"", "30"},
		{"100", "100"},
	} {
		l.ObservePod(web, step.version)
		if record, _ := l.Peek(web); record.PodsVersion != step.want {
			t.Errorf("got version %q after %q, want %q", record.PodsVersion, step.version, step.want)
		}
	}
}

func TestTheInformersObjectReplacesTheAnswerToAWrite(t *testing.T) {
	l := knowing(t)
	answer, delivered := slice("101", 6, "b"), slice("101", 6, "b")
	answer.Object, delivered.Object = &discoveryv1.EndpointSlice{}, &discoveryv1.EndpointSlice{}
	l.Committed(web, answer, at(1))
	if l.Observe(web, delivered, at(2)) {
		t.Error("our own write is reported as new")
	}
	if record, _ := l.Lookup(web, one); record.Slices[ipv4].Object != delivered.Object {
		t.Error("the informer's object is not kept")
	}
	if !l.OthersCommitted("shop").Before(at(2)) {
		t.Error("our own write counts as another replica's")
	}
}

// TestARefusedWriteMakesTheEntryOutdated until something newer is known of the slice, from wherever it comes.
func TestARefusedWriteMakesTheEntryOutdated(t *testing.T) {
	base := func(version string) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: ipv4, UID: "slice", ResourceVersion: version}}
	}
	for name, newer := range map[string]func(l *Leaders){
		"an event":         func(l *Leaders) { l.Observe(web, slice("101", 6, "b"), at(2)) },
		"a deletion":       func(l *Leaders) { l.ObserveDeletion(web, ipv4, "slice", "101", at(2)) },
		"an answer":        func(l *Leaders) { l.Committed(web, slice("101", 6, "b"), at(2)) },
		"a live read":      func(l *Leaders) { l.Refresh(web, one, []leaderslice.Slice{slice("101", 6, "b")}, at(1), at(2)) },
		"a restored slice": func(l *Leaders) { l.Refresh(web, one, []leaderslice.Slice{slice("99", 4, "c")}, at(1), at(2)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			l.Outdated(web, ipv4, base("100"), at(1))
			if _, miss := l.Lookup(web, one); miss != MissConflict || !l.IsOutdated(web) {
				t.Errorf("got miss %q, want %q", miss, MissConflict)
			}
			if _, complete := l.PeekComplete(web, one); complete {
				t.Error("admission may prepare another commit that is bound to be refused")
			}
			l.Observe(web, slice("100", 5, "a"), at(1)) // says nothing new
			if !l.IsOutdated(web) {
				t.Error("the version that was refused counts as news")
			}
			newer(l)
			if _, miss := l.Lookup(web, one); miss != "" || l.IsOutdated(web) {
				t.Errorf("got miss %q, want none", miss)
			}
		})
	}
	for name, test := range map[string]struct {
		known   leaderslice.Slice
		refused *discoveryv1.EndpointSlice
		want    bool
	}{
		"an event has overtaken the answer":             {slice("101", 6, "b"), base("100"), false},
		"the slice was to be created, and is known":     {slice("101", 6, "b"), nil, false},
		"the slice was to be created, and is unknown":   {leaderslice.Slice{}, nil, true},
		"the slice that was updated is known as gone":   {leaderslice.Slice{}, base("100"), false},
		"the slice was deleted and created by somebody": {named(ipv4, slice("103", 6, "b")), base("100"), false},
	} {
		t.Run(name, func(t *testing.T) {
			l := New()
			if _, miss := l.Lookup(web, one); miss != "" {
				t.Fatalf("unexpected miss %q", miss)
			}
			if test.known.UID != "" {
				l.Observe(web, test.known, at(1))
			}
			l.Outdated(web, ipv4, test.refused, at(2))
			if got := l.IsOutdated(web); got != test.want {
				t.Errorf("it is outdated: %t, want %t", got, test.want)
			}
		})
	}
	if l := New(); l.IsOutdated(web) {
		t.Error("a Service without an entry is outdated")
	}
}
