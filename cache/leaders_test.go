package cache

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

const ipv4, ipv6 = "web-leader-ipv4", "web-leader-ipv6"

var (
	web  = types.NamespacedName{Namespace: "shop", Name: "web"}
	both = Want{Service: "service", Slices: []string{ipv4, ipv6}}
	one  = Want{Service: "service", Slices: []string{ipv4}}
	t0   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func at(seconds int) time.Time {
	return t0.Add(time.Duration(seconds) * time.Second)
}

// leads is the state in which a pod leads with a term; nobody leads if pod is empty.
func leads(pod string, term int64) leaderslice.State {
	state := leaderslice.State{Term: term}
	if pod != "" {
		state.Leader = leaderslice.Leader{UID: types.UID("uid-" + pod), Name: pod, Ready: true}
	}
	return state
}

// slice is the IPv4 slice at a version that says that a pod leads with a term.
func slice(version string, term int64, pod string) leaderslice.Slice {
	return leaderslice.Slice{Name: ipv4, UID: "slice", ResourceVersion: version, State: leads(pod, term)}
}

// named gives a slice another name and UID.
func named(name string, slice leaderslice.Slice) leaderslice.Slice {
	slice.Name, slice.UID = name, types.UID(name)
	return slice
}

// knowing is a cache whose entry for web has one slice, version 100, which says that a leads with term 5.
func knowing(t *testing.T) *Leaders {
	t.Helper()
	l := New()
	l.Observe(web, slice("100", 5, "a"), at(0))
	if _, miss := l.Lookup(web, one); miss != "" {
		t.Fatalf("unexpected miss %q", miss)
	}
	l.SetState(web, leads("a", 5), 5)
	return l
}

func TestInvalidatingDropsTheSuccessor(t *testing.T) {
	l := knowing(t)
	l.Decided(web, &election.Candidate{Name: "b"})
	l.Invalidate(web, ServiceChanged, at(0))
	if record, _ := l.Peek(web); record.Successor != nil || record.Decided || record.Leader.Name != "a" || record.HighestTerm != 5 {
		t.Errorf("got %+v", record)
	}
}

func TestAnUnknownServiceGetsNoEntry(t *testing.T) {
	l := New()
	l.Invalidate(web, ServiceChanged, at(0))
	l.SetState(web, leads("a", 5), 5)
	l.ObservePod(web, "30")
	l.ObserveDeletion(web, ipv4, "slice", "101", at(0))
	if l.Decided(web, nil) || len(l.entries) != 0 {
		t.Errorf("%d entries were created", len(l.entries))
	}
}

func TestTheTermOutlivesTheSlice(t *testing.T) {
	l := knowing(t)
	l.ObserveDeletion(web, ipv4, "slice", "101", at(1))
	record, miss := l.Lookup(web, one)
	if miss != "" || record.HighestTerm != 5 || record.Leader.Name != "a" || len(record.Slices) != 0 {
		t.Errorf("got %+v, miss %q", record, miss)
	}
}

func TestServicesThatComeAndGoLeaveNothingBehind(t *testing.T) {
	l := New()
	for i := range 10_000 {
		key := types.NamespacedName{Namespace: "shop", Name: fmt.Sprint(i)}
		want := Want{Service: types.UID(key.Name), Slices: []string{ipv4}}
		l.Lookup(key, want)
		l.Refresh(key, want, nil, at(0), at(0))
		l.NeededSince(key, at(0))
		l.BehindSince(key, at(0))
		l.Committed(key, slice("100", 1, "a"), at(0))
		l.ObservePod(key, "30")
		l.SetState(key, leads("a", 1), 1)
		l.Decided(key, nil)
		switch i % 3 {
		case 0: // the Service goes first
			l.Forget(key, ServiceGone)
			l.ObserveDeletion(key, ipv4, "slice", "1001", at(1))
		case 1: // the slice goes first
			l.ObserveDeletion(key, ipv4, "slice", "1001", at(1))
			l.Forget(key, ServiceGone)
		default: // an event comes after both
			l.Forget(key, ServiceGone)
			l.Observe(key, slice("101", 2, "b"), at(1))
			l.ObserveDeletion(key, ipv4, "slice", "1002", at(2))
		}
	}
	if len(l.entries) != 0 || len(l.ledBy) != 0 {
		t.Errorf("%d entries and %d leaders are left", len(l.entries), len(l.ledBy))
	}
}

func TestRenamedLeaderServicesLeaveNothingBehind(t *testing.T) {
	l := knowing(t)
	for i := range 100 {
		name := fmt.Sprint("boss-", i)
		want := Want{Service: "service", Slices: []string{name}}
		l.Lookup(web, want)
		l.Committed(web, named(name, slice(fmt.Sprint(200+i), 5, "a")), at(i))
		before := fmt.Sprint("boss-", i-1)
		l.ObserveDeletion(web, before, types.UID(before), fmt.Sprint(1000+i), at(i))
	}
	if got := len(l.entries[web].slices); got > 3 {
		t.Errorf("%d slices are kept", got)
	}
}

func TestARecordIsACopy(t *testing.T) {
	l := knowing(t)
	record, _ := l.Lookup(web, one)
	delete(record.Slices, ipv4)
	if record, _ = l.Lookup(web, one); len(record.Slices) != 1 {
		t.Error("changing a record changes the entry")
	}
}
