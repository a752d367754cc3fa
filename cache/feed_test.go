package cache

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

// view is what is known of the IPv4 slice, in a form that is easy to write down; zero when it does not exist.
type view struct {
	Leader  string
	Term    int64
	Version string
}

func look(l *Leaders, want Want) view {
	record, _ := l.Lookup(web, want)
	slice := record.Slices[ipv4]
	return view{Leader: slice.State.Leader.Name, Term: slice.State.Term, Version: slice.ResourceVersion}
}

func TestTheNewerVersionWins(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want view
	}{
		"nothing has happened": {
			feed: func(*Leaders) {},
			want: view{Leader: "a", Term: 5, Version: "100"},
		},
		"an event brings a newer version": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "101"},
		},
		"the answer to our own write comes before its event": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("101", 6, "b"), at(1))
				l.Observe(web, slice("101", 6, "b"), at(2))
			},
			want: view{Leader: "b", Term: 6, Version: "101"},
		},
		"an informer that lags behind our own write does not take it back": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("103", 7, "c"), at(1))
				l.Observe(web, slice("102", 6, "b"), at(2))
			},
			want: view{Leader: "c", Term: 7, Version: "103"},
		},
		"another's write that came after ours stays although its event came before our answer": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("102", 7, "c"), at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
			want: view{Leader: "c", Term: 7, Version: "102"},
		},
		"a deletion that overtakes the answer to our own write is not taken back": {
			feed: func(l *Leaders) {
				l.Gone(web, ipv4, "slice", "102", at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
		},
		"a deletion that overtakes the answer and the event of our own write is not taken back": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("101", 6, "b"), at(1))
				l.Gone(web, ipv4, "slice", "1002", at(2))
				l.Committed(web, slice("101", 6, "b"), at(3))
			},
		},
		"a slice that is made after a deletion is there": {
			feed: func(l *Leaders) {
				l.Gone(web, ipv4, "slice", "101", at(1))
				next := slice("102", 6, "b")
				next.UID = "next"
				l.Observe(web, next, at(2))
			},
			want: view{Leader: "b", Term: 6, Version: "102"},
		},
		"the deletion of an earlier slice of the same name is not this one's": {
			feed: func(l *Leaders) { l.Gone(web, ipv4, "earlier", "101", at(1)) },
			want: view{Leader: "a", Term: 5, Version: "100"},
		},
		"a version with more digits is newer": {
			feed: func(l *Leaders) { l.Observe(web, slice("1000", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "1000"},
		},
		"a version that is no number is taken for newer": {
			feed: func(l *Leaders) { l.Observe(web, slice("one", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "one"},
		},
		"the same version again changes nothing": {
			feed: func(l *Leaders) { l.Observe(web, slice("100", 9, "z"), at(1)) },
			want: view{Leader: "a", Term: 5, Version: "100"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if diff := cmp.Diff(test.want, look(l, one)); diff != "" {
				t.Errorf("unexpected slice (-want +got):\n%s", diff)
			}
		})
	}
}

// A live read begins at second 1 and its answer arrives at second 3.
func TestALiveReadIsBelievedUnlessSomethingNewerArrivedMeanwhile(t *testing.T) {
	cases := map[string]struct {
		before, during, after func(*Leaders)
		found                 []leaderslice.Slice
		want                  view
	}{
		"it finds what the informer has not delivered yet": {
			found: []leaderslice.Slice{slice("105", 8, "d")},
			want:  view{Leader: "d", Term: 8, Version: "105"},
		},
		"it finds an older version: etcd was restored": {
			found: []leaderslice.Slice{slice("50", 3, "z")},
			want:  view{Leader: "z", Term: 3, Version: "50"},
		},
		"the events after a restore are newer than what it found": {
			found: []leaderslice.Slice{slice("50", 3, "z")},
			after: func(l *Leaders) { l.Observe(web, slice("51", 6, "b"), at(4)) },
			want:  view{Leader: "b", Term: 6, Version: "51"},
		},
		"it finds nothing": {},
		"it finds nothing, and the slice is made again with an older version: etcd was restored": {
			after: func(l *Leaders) { l.Committed(web, slice("51", 6, "b"), at(4)) },
			want:  view{Leader: "b", Term: 6, Version: "51"},
		},
		"it finds an older version and a newer event has arrived meanwhile": {
			during: func(l *Leaders) { l.Observe(web, slice("106", 9, "e"), at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   view{Leader: "e", Term: 9, Version: "106"},
		},
		"it finds a newer version than the event that has arrived meanwhile": {
			during: func(l *Leaders) { l.Observe(web, slice("104", 7, "c"), at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   view{Leader: "d", Term: 8, Version: "105"},
		},
		"it finds nothing and the event that the slice is made has arrived meanwhile": {
			before: func(l *Leaders) { l.Gone(web, ipv4, "slice", "101", at(0)) },
			during: func(l *Leaders) { l.Observe(web, slice("102", 6, "b"), at(2)) },
			want:   view{Leader: "b", Term: 6, Version: "102"},
		},
		"it finds nothing and the answer to our own write has arrived meanwhile": {
			before: func(l *Leaders) { l.Gone(web, ipv4, "slice", "101", at(0)) },
			during: func(l *Leaders) { l.Committed(web, slice("102", 6, "b"), at(2)) },
			want:   view{Leader: "b", Term: 6, Version: "102"},
		},
		"it finds a slice whose deletion has arrived meanwhile": {
			during: func(l *Leaders) { l.Gone(web, ipv4, "slice", "106", at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
		},
		"it finds a slice that was made after the deletion that has arrived meanwhile": {
			during: func(l *Leaders) { l.Gone(web, ipv4, "slice", "104", at(2)) },
			found:  []leaderslice.Slice{slice("105", 8, "d")},
			want:   view{Leader: "d", Term: 8, Version: "105"},
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
			if diff := cmp.Diff(test.want, look(l, one)); diff != "" {
				t.Errorf("unexpected slice (-want +got):\n%s", diff)
			}
		})
	}
}

// A live read that finds nothing and arrives late must not leave a memory that no later answer can replace.
func TestALiveReadThatFoundNothingDoesNotFreezeWhatIsKnown(t *testing.T) {
	l := New()
	l.Lookup(web, one)
	l.Observe(web, slice("100", 5, "a"), at(2))
	l.Refresh(web, one, nil, at(1), at(3))
	l.Refresh(web, one, []leaderslice.Slice{slice("100", 5, "a")}, at(4), at(5))
	if diff := cmp.Diff(view{Leader: "a", Term: 5, Version: "100"}, look(l, one)); diff != "" {
		t.Errorf("unexpected slice (-want +got):\n%s", diff)
	}

	l = New()
	l.Refresh(web, one, nil, at(1), at(2))
	l.Observe(web, slice("100", 5, "a"), at(3)) // an informer that lags: it was read later than it was written
	if diff := cmp.Diff(view{Leader: "a", Term: 5, Version: "100"}, look(l, one)); diff != "" {
		t.Errorf("unexpected slice (-want +got):\n%s", diff)
	}
}

func TestARefreshAnswersWithWhatIsKnownThen(t *testing.T) {
	l := knowing(t)
	record := l.Refresh(web, both, []leaderslice.Slice{slice("105", 8, "d"), named(ipv6, slice("90", 7, "c"))}, at(1), at(3))
	got := map[string]string{}
	for name, slice := range record.Slices {
		got[name] = slice.ResourceVersion
	}
	if diff := cmp.Diff(map[string]string{ipv4: "105", ipv6: "90"}, got); diff != "" {
		t.Errorf("unexpected slices (-want +got):\n%s", diff)
	}
	if record.Leader.Name != "a" || record.Highest != 5 {
		t.Errorf("a read alone changes who is believed to lead: %+v", record)
	}
}

func TestWhatIsNews(t *testing.T) {
	l := New()
	for i, step := range []struct {
		got, want bool
	}{
		{l.Gone(web, ipv4, "slice", "99", at(0)), false}, // nothing is known of it
		{l.Observe(web, slice("100", 5, "a"), at(0)), true},
		{l.Observe(web, slice("100", 5, "a"), at(1)), false},
		{l.Observe(web, slice("99", 4, "z"), at(1)), false},
		{l.Gone(web, ipv4, "earlier", "101", at(1)), false},
		{l.Gone(web, ipv4, "slice", "101", at(1)), true},
		{l.Gone(web, ipv4, "slice", "101", at(1)), false},
	} {
		if step.got != step.want {
			t.Errorf("step %d: news %t, want %t", i, step.got, step.want)
		}
	}
}

func TestTheNewestVersionOfAPodIsKnown(t *testing.T) {
	l := knowing(t)
	for _, step := range []struct{ version, want string }{
		{"30", "30"},
		{"29", "30"}, // a pod that was changed before and is delivered later, as after a label selects it anew
		{"", "30"},
		{"100", "100"},
	} {
		l.ObservePod(web, step.version)
		if record, _ := l.Peek(web); record.Pods != step.want {
			t.Errorf("%q is known after %q, want %q", record.Pods, step.version, step.want)
		}
	}
}

func TestTheHighestTermOnlyGrows(t *testing.T) {
	l := knowing(t)
	l.Believe(web, leads("b", 7), 9)
	l.Believe(web, leads("c", 3), 3) // a record that fell, which is what is written now
	if record, _ := l.Peek(web); record.Term != 3 || record.Leader.Name != "c" || record.Highest != 9 {
		t.Errorf("got %+v", record)
	}
}

func TestANewLeaderIsNotItsOwnSuccessor(t *testing.T) {
	l := knowing(t)
	l.Settled(web, &election.Candidate{Name: "b"})
	l.Believe(web, leads("a", 5), 5)
	if record, _ := l.Peek(web); record.Successor == nil || !record.Decided {
		t.Error("who follows is forgotten although the leader is the same")
	}
	l.Believe(web, leads("b", 6), 6)
	if record, _ := l.Peek(web); record.Successor != nil || record.Decided || record.Leader.Name != "b" {
		t.Errorf("got %+v", record)
	}
}

func TestTheAnswerToAWriteIsNotKeptBesideTheInformersObject(t *testing.T) {
	l := knowing(t)
	answer, delivered := slice("101", 6, "b"), slice("101", 6, "b")
	answer.Object, delivered.Object = &discoveryv1.EndpointSlice{}, &discoveryv1.EndpointSlice{}
	l.Committed(web, answer, at(1))
	if l.Observe(web, delivered, at(2)) {
		t.Error("our own write is news")
	}
	if record, _ := l.Lookup(web, one); record.Slices[ipv4].Object != delivered.Object {
		t.Error("another object is kept than the informer's")
	}
	if !l.OthersCommitted().Before(at(2)) {
		t.Error("our own write counts as another replica's")
	}
}
