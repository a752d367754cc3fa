package cache

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
)

var (
	web  = types.NamespacedName{Namespace: "shop", Name: "web"}
	boss = []types.UID{"leader-service"}
	both = Want{Service: "service", Owners: boss, Slices: []string{"web-leader-ipv4", "web-leader-ipv6"}}
	one  = Want{Service: "service", Owners: boss, Slices: []string{"web-leader-ipv4"}}
	t0   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func at(seconds int) time.Time {
	return t0.Add(time.Duration(seconds) * time.Second)
}

// slice is the IPv4 slice at a version, saying that a pod leads since a term; without a pod nobody does.
func slice(version string, term int64, pod string) Slice {
	s := Slice{Name: "web-leader-ipv4", UID: "slice", ResourceVersion: version, Owner: "leader-service", Intact: true}
	s.State.Term = term
	if pod != "" {
		s.State.Leader = Leader{UID: types.UID("uid-" + pod), Name: pod, Ready: true}
	}
	return s
}

func change(s Slice, changes ...func(*Slice)) Slice {
	for _, change := range changes {
		change(&s)
	}
	return s
}

func named(name string) func(*Slice)       { return func(s *Slice) { s.Name, s.UID = name, types.UID(name) } }
func ownedBy(owner types.UID) func(*Slice) { return func(s *Slice) { s.Owner = owner } }
func damaged(s *Slice)                     { s.Intact = false }

// known is a cache that has decided about web at a time when its one slice said that a leads with term 5.
func knowing(t *testing.T) *Leaders {
	t.Helper()
	l := New()
	l.Observe(web, slice("100", 5, "a"), at(0))
	if _, miss := l.Lookup(web, one); miss != "" {
		t.Fatalf("unexpected miss %q", miss)
	}
	return l
}

// view is a Record in a form that is easy to write down.
type view struct {
	Leader     string
	LastResort bool
	Term       int64
	Reason     string
	Version    string // of the IPv4 slice; empty when it does not exist
	Foreign    time.Time
	Miss       Miss
}

func look(l *Leaders, want Want) view {
	record, miss := l.Lookup(web, want)
	return view{
		Leader: record.Leader.Name, LastResort: record.Leader.Name != "" && !record.Leader.Ready, Term: record.Term, Reason: record.Reason,
		Version: record.Slices["web-leader-ipv4"].ResourceVersion, Foreign: record.Foreign, Miss: miss,
	}
}

func TestTheNewerVersionWins(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want view
	}{
		"what the informer knew at the start is not another's commit": {
			feed: func(*Leaders) {},
			want: view{Leader: "a", Term: 5, Version: "100"},
		},
		"another's commit is adopted, and remembered as such": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "101", Foreign: at(1)},
		},
		"our own commit is not another's": {
			feed: func(l *Leaders) { l.Committed(web, slice("101", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "101"},
		},
		"the event of our own commit changes nothing": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("101", 6, "b"), at(1))
				l.Observe(web, slice("101", 6, "b"), at(2))
			},
			want: view{Leader: "b", Term: 6, Version: "101"},
		},
		"an event that overtakes the answer to our own patch is not another's commit": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("101", 6, "b"), at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
			want: view{Leader: "b", Term: 6, Version: "101"},
		},
		"an informer that lags behind our own commit does not take it back": {
			feed: func(l *Leaders) {
				l.Committed(web, slice("103", 7, "c"), at(1))
				l.Observe(web, slice("102", 6, "b"), at(2))
			},
			want: view{Leader: "c", Term: 7, Version: "103"},
		},
		"another's commit that came after ours is adopted although its event came before our answer": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("102", 7, "c"), at(1))
				l.Committed(web, slice("101", 6, "b"), at(2))
			},
			want: view{Leader: "c", Term: 7, Version: "102", Foreign: at(1)},
		},
		"a deletion that overtakes the answer to our own patch is not taken back": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("101", 6, "b"), at(1))
				l.Gone(web, "web-leader-ipv4", "slice", "1002", at(2))
				l.Committed(web, slice("101", 6, "b"), at(3))
			},
			want: view{Leader: "b", Term: 6, Foreign: at(2)},
		},
		"a deletion that overtakes a live read is not taken back": {
			feed: func(l *Leaders) {
				l.Gone(web, "web-leader-ipv4", "slice", "103", at(1))
				l.Refresh(web, one, []Slice{slice("102", 6, "b")}, at(2))
			},
			want: view{Leader: "a", Term: 5, Foreign: at(1)},
		},
		"a live read that finds nothing is not taken back by what the informer delivers late": {
			feed: func(l *Leaders) {
				l.Refresh(web, one, nil, at(1))
				l.Observe(web, slice("100", 5, "a"), at(2))
			},
			want: view{Leader: "a", Term: 5, Foreign: at(1)},
		},
		"a slice that is made after a deletion is there": {
			feed: func(l *Leaders) {
				l.Gone(web, "web-leader-ipv4", "slice", "101", at(1))
				l.Observe(web, change(slice("102", 5, "a"), func(s *Slice) { s.UID = "next" }), at(2))
			},
			want: view{Leader: "a", Term: 5, Version: "102", Foreign: at(2)},
		},
		"a version with more digits is newer": {
			feed: func(l *Leaders) { l.Observe(web, slice("1000", 6, "b"), at(1)) },
			want: view{Leader: "b", Term: 6, Version: "1000", Foreign: at(1)},
		},
		"our commit ends the time of another's": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("101", 6, "b"), at(1))
				l.Lookup(web, one)
				l.Committed(web, slice("102", 7, "c"), at(2))
			},
			want: view{Leader: "c", Term: 7, Version: "102"},
		},
		"a live read finds what the informer has not delivered yet": {
			feed: func(l *Leaders) { l.Refresh(web, one, []Slice{slice("105", 8, "d")}, at(1)) },
			want: view{Leader: "d", Term: 8, Version: "105", Foreign: at(1)},
		},
		"a live read that was overtaken by an event changes nothing": {
			feed: func(l *Leaders) {
				l.Observe(web, slice("106", 9, "e"), at(1))
				l.Refresh(web, one, []Slice{slice("105", 8, "d")}, at(2))
			},
			want: view{Leader: "e", Term: 9, Version: "106", Foreign: at(1)},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if diff := cmp.Diff(test.want, look(l, one)); diff != "" {
				t.Errorf("unexpected record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsBelieved(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want view
	}{
		"a damaged slice is known, but who leads is remembered": {
			feed: func(l *Leaders) { l.Observe(web, change(slice("101", 0, ""), damaged), at(1)) },
			want: view{Leader: "a", Term: 5, Version: "101", Foreign: at(1)},
		},
		"a term that fell is not believed": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 4, "b"), at(1)) },
			want: view{Leader: "a", Term: 5, Version: "101", Foreign: at(1)},
		},
		"a term that is taken is not believed of another leader": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 5, "b"), at(1)) },
			want: view{Leader: "a", Term: 5, Version: "101", Foreign: at(1)},
		},
		"a term that is taken is not believed of nobody": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 5, ""), at(1)) },
			want: view{Leader: "a", Term: 5, Version: "101", Foreign: at(1)},
		},
		"that a leader is only the last resort is believed within its term": {
			feed: func(l *Leaders) {
				l.Observe(web, change(slice("101", 5, "a"), func(s *Slice) { s.State.Leader.Ready = false }), at(1))
			},
			want: view{Leader: "a", LastResort: true, Term: 5, Version: "101", Foreign: at(1)},
		},
		"why and since when a leader leads is not believed anew": {
			feed: func(l *Leaders) {
				l.Observe(web, change(slice("101", 5, "a"), func(s *Slice) { s.State.Reason, s.State.Since = "Mine", at(9) }), at(1))
			},
			want: view{Leader: "a", Term: 5, Version: "101", Foreign: at(1)},
		},
		"that nobody leads is believed with a new term": {
			feed: func(l *Leaders) { l.Observe(web, slice("101", 6, ""), at(1)) },
			want: view{Term: 6, Version: "101", Foreign: at(1)},
		},
		"a slice of another owner is not believed, whatever its labels": {
			feed: func(l *Leaders) {
				l.Observe(web, change(slice("101", 9, "b"), named("decoy"), ownedBy("other")), at(1))
			},
			want: view{Leader: "a", Term: 5, Version: "100", Foreign: at(1)},
		},
		"a deleted slice is absent, and who led is remembered": {
			feed: func(l *Leaders) { l.Gone(web, "web-leader-ipv4", "slice", "1001", at(1)) },
			want: view{Leader: "a", Term: 5, Foreign: at(1)},
		},
		"the deletion of an earlier slice of the same name is not this one's": {
			feed: func(l *Leaders) { l.Gone(web, "web-leader-ipv4", "earlier", "1001", at(1)) },
			want: view{Leader: "a", Term: 5, Version: "100"},
		},
		"a slice that a live read does not find is absent": {
			feed: func(l *Leaders) { l.Refresh(web, one, nil, at(1)) },
			want: view{Leader: "a", Term: 5, Foreign: at(1)},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if diff := cmp.Diff(test.want, look(l, one)); diff != "" {
				t.Errorf("unexpected record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfTwoFamiliesTheHigherTermIsBelieved(t *testing.T) {
	for name, order := range map[string][]Slice{
		"the newer family is seen first": {slice("101", 6, "b"), change(slice("99", 5, "a"), named("web-leader-ipv6"))},
		"the newer family is seen last":  {change(slice("99", 5, "a"), named("web-leader-ipv6")), slice("101", 6, "b")},
	} {
		t.Run(name, func(t *testing.T) {
			l := New()
			for _, slice := range order {
				l.Observe(web, slice, at(0))
			}
			if diff := cmp.Diff(view{Leader: "b", Term: 6, Version: "101"}, look(l, both)); diff != "" {
				t.Errorf("unexpected record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMisses(t *testing.T) {
	cases := map[string]struct {
		feed func(*Leaders)
		want Want
		miss Miss
	}{
		"nothing has happened":           {feed: func(*Leaders) {}, want: one},
		"nothing is known of one family": {feed: func(*Leaders) {}, want: both, miss: MissUnknown},
		"a family is known to have no slice": {
			feed: func(l *Leaders) { l.Refresh(web, both, []Slice{slice("100", 5, "a")}, at(1)) }, want: both,
		},
		"a slice was deleted":      {feed: func(l *Leaders) { l.Gone(web, "web-leader-ipv4", "slice", "1001", at(1)) }, want: one},
		"the entry is invalidated": {feed: func(l *Leaders) { l.Invalidate(web, ServiceChanged) }, want: one, miss: MissInvalidated},
		"the entry was rebuilt since": {
			feed: func(l *Leaders) {
				l.Invalidate(web, ServiceChanged)
				l.Refresh(web, one, []Slice{slice("100", 5, "a")}, at(1))
			},
			want: one,
		},
		"the Service is another one of the same name": {
			feed: func(*Leaders) {}, want: Want{Service: "second", Owners: boss, Slices: one.Slices}, miss: MissInvalidated,
		},
		"the Service was forgotten": {feed: func(l *Leaders) { l.Forget(web, OptedOut) }, want: one, miss: MissUnknown},
		"the leader Service has another name now": {
			feed: func(*Leaders) {}, want: Want{Service: "service", Owners: []types.UID{"second"}, Slices: []string{"boss-ipv4"}}, miss: MissUnknown,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := knowing(t)
			test.feed(l)
			if got := look(l, test.want).Miss; got != test.miss {
				t.Errorf("got miss %q, want %q", got, test.miss)
			}
		})
	}
}

func TestTheTermOutlivesTheLeaderService(t *testing.T) {
	l := knowing(t)
	l.Gone(web, "web-leader-ipv4", "slice", "1001", at(1))
	recreated := Want{Service: "service", Owners: []types.UID{"second"}, Slices: one.Slices}
	record, _ := l.Lookup(web, recreated)
	if record.Term != 5 || record.Leader.Name != "a" || !slices.Equal(record.Owners, []types.UID{"second"}) {
		t.Errorf("got %+v", record)
	}
}

func TestTheSlicesOfAnEarlierLeaderServiceAreStillOurs(t *testing.T) {
	l := knowing(t)
	recreated := Want{Service: "service", Owners: []types.UID{"second"}, Slices: one.Slices}
	record, _ := l.Lookup(web, recreated)
	if !slices.Equal(record.Owners, []types.UID{"second", "leader-service"}) {
		t.Errorf("got owners %v", record.Owners)
	}
	l.Observe(web, slice("101", 6, "b"), at(1))
	if record, _ = l.Lookup(web, recreated); record.Leader.Name != "b" {
		t.Errorf("got %+v", record.State)
	}
}

func TestAReplicaThatStartsAfterALeaderServiceWasDeletedKnowsWhoLed(t *testing.T) {
	recreated := Want{Service: "service", Owners: []types.UID{"second"}, Slices: one.Slices}
	cases := map[string]struct {
		slices []Slice
		want   view
	}{
		"its slice is left": {
			slices: []Slice{slice("100", 5, "a")},
			want:   view{Leader: "a", Term: 5, Version: "100"},
		},
		"its slice is damaged": {
			slices: []Slice{change(slice("100", 5, "a"), damaged)},
			want:   view{Version: "100"},
		},
		"a slice that is not like ours is not believed even then": {
			slices: []Slice{change(slice("100", 5, "a"), ownedBy(""))},
			want:   view{Version: "100"},
		},
		"the new leader Service has a slice of its own": {
			slices: []Slice{slice("99", 7, "z"), change(slice("100", 2, "b"), named("second-ipv4"), ownedBy("second"))},
			want:   view{Leader: "b", Term: 2, Version: "99"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			l := New()
			for _, slice := range test.slices {
				l.Observe(web, slice, at(0))
			}
			if diff := cmp.Diff(test.want, look(l, recreated)); diff != "" {
				t.Errorf("unexpected record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReplicaThatStartsWhileALeaderServiceIsRenamedKnowsWhoLeads(t *testing.T) {
	l := New()
	l.Observe(web, slice("100", 5, "a"), at(0))
	renamed := Want{Service: "service", Owners: []types.UID{"leader-service", "second"}, Slices: []string{"second-ipv4"}}
	if record, _ := l.Lookup(web, renamed); record.Term != 5 || record.Leader.Name != "a" {
		t.Errorf("got %+v", record.State)
	}

	l = New()
	l.Observe(web, slice("100", 5, "a"), at(0))
	l.Meet(web, "service", boss) // the new one is still to be made
	l.Gone(web, "web-leader-ipv4", "slice", "1001", at(1))
	if record, _ := l.Peek(web); record.Term != 5 || record.Leader.Name != "a" {
		t.Errorf("got %+v", record.State)
	}
}

func TestNeededCountsFromTheFirstTime(t *testing.T) {
	l := knowing(t)
	if got := l.Needed(web, at(1)); !got.Equal(at(1)) {
		t.Errorf("got %s", got)
	}
	if got := l.Needed(web, at(2)); !got.Equal(at(1)) {
		t.Errorf("got %s after another look", got)
	}
	l.Settled(web, &election.Candidate{Name: "b"})
	if got := l.Needed(web, at(3)); !got.Equal(at(3)) {
		t.Errorf("got %s after it was settled", got)
	}
	if record, _ := l.Peek(web); record.Successor.Name != "b" {
		t.Errorf("got successor %+v", record.Successor)
	}
}

func TestOthersAreAtWorkWhenTheirCommitsArrive(t *testing.T) {
	l := knowing(t)
	l.Committed(web, slice("101", 6, "b"), at(1))
	l.Observe(web, slice("101", 6, "b"), at(2))
	if got := l.OthersAtWork(); !got.Equal(at(0)) {
		t.Errorf("got %s after our own commit, want %s", got, at(0))
	}
	l.Observe(types.NamespacedName{Namespace: "shop", Name: "api"}, slice("102", 1, "x"), at(3))
	if got := l.OthersAtWork(); !got.Equal(at(3)) {
		t.Errorf("got %s after another's commit for another Service, want %s", got, at(3))
	}
}

func TestInvalidatingDropsTheSuccessor(t *testing.T) {
	l := knowing(t)
	l.Settled(web, &election.Candidate{Name: "b"})
	l.Invalidate(web, ServiceChanged)
	if record, _ := l.Peek(web); record.Successor != nil || record.Leader.Name != "a" {
		t.Errorf("got %+v", record)
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
		{do: func() { l.Invalidate(web, ServiceChanged) }, successor: b, want: true},
		{do: func() { l.Committed(web, slice("101", 6, "b"), at(1)) }, successor: nil, want: true},
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

func TestANewLeaderIsNotItsOwnSuccessor(t *testing.T) {
	l := knowing(t)
	l.Settled(web, &election.Candidate{Name: "b"})
	l.Committed(web, slice("101", 6, "b"), at(1))
	if record, _ := l.Peek(web); record.Successor != nil || record.Decided || record.Leader.Name != "b" {
		t.Errorf("got %+v", record)
	}
}

func TestServicesThatComeAndGoLeaveNothing(t *testing.T) {
	l := New()
	for i := range 10_000 {
		key := types.NamespacedName{Namespace: "shop", Name: fmt.Sprint(i)}
		want := Want{Service: types.UID(key.Name), Owners: boss, Slices: []string{"web-leader-ipv4"}}
		l.Meet(key, want.Service, boss)
		l.Lookup(key, want)
		l.Refresh(key, want, nil, at(0))
		l.Needed(key, at(0))
		l.Committed(key, slice("100", 1, "a"), at(0))
		l.Settled(key, nil)
		switch i % 3 {
		case 0: // the Service goes first
			l.Forget(key, ServiceGone)
			l.Gone(key, "web-leader-ipv4", "slice", "1001", at(1))
		case 1: // the slice goes first
			l.Gone(key, "web-leader-ipv4", "slice", "1001", at(1))
			l.Forget(key, ServiceGone)
		default: // a late event comes after all
			l.Forget(key, ServiceGone)
			l.Observe(key, slice("101", 2, "b"), at(1))
			l.Gone(key, "web-leader-ipv4", "slice", "1002", at(2))
		}
	}
	if len(l.entries) != 0 {
		t.Errorf("%d entries are left", len(l.entries))
	}
}

func TestRenamedLeaderServicesLeaveNothing(t *testing.T) {
	l := knowing(t)
	for i := range 100 {
		name := fmt.Sprint("boss-", i)
		want := Want{Service: "service", Owners: []types.UID{types.UID(name)}, Slices: []string{name}}
		l.Refresh(web, want, nil, at(i))
		l.Committed(web, change(slice(fmt.Sprint(200+i), 5, "a"), named(name), ownedBy(types.UID(name))), at(i))
		l.Gone(web, fmt.Sprint("boss-", i-1), types.UID(fmt.Sprint("boss-", i-1)), fmt.Sprint(1000+i), at(i))
	}
	if got := len(l.entries[web].slices); got > 3 {
		t.Errorf("%d slices are remembered", got)
	}
}
