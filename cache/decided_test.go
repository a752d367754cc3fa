package cache

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
)

func TestTheHighestTermNeverDecreases(t *testing.T) {
	l := knowing(t)
	l.SetState(web, leads("b", 7), 9)
	l.SetState(web, leads("c", 3), 3) // the slices say a lower term now
	if record, _ := l.Peek(web); record.Term != 3 || record.Leader.Name != "c" || record.HighestTerm != 9 {
		t.Errorf("got %+v", record)
	}
}

func TestANewLeaderIsNotItsOwnSuccessor(t *testing.T) {
	l := knowing(t)
	l.Decided(web, &election.Candidate{Name: "b"})
	l.SetState(web, leads("a", 5), 5)
	if record, _ := l.Peek(web); record.Successor == nil || !record.Decided {
		t.Error("the successor is forgotten although the leader is the same")
	}
	l.SetState(web, leads("b", 6), 6)
	if record, _ := l.Peek(web); record.Successor != nil || record.Decided || record.Leader.Name != "b" {
		t.Errorf("got %+v", record)
	}
}

func TestDecidedReportsAnotherSuccessor(t *testing.T) {
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
		{do: func() { l.SetState(web, leads("b", 6), 6) }, successor: nil, want: true},
		{do: func() { l.Forget(web, OptedOut) }, successor: b},
	} {
		if step.do != nil {
			step.do()
		}
		if got := l.Decided(web, step.successor); got != step.want {
			t.Errorf("step %d: changed %t, want %t", i, got, step.want)
		}
	}
}

func TestNeededSinceAndBehindSinceReturnTheFirstTime(t *testing.T) {
	l := knowing(t)
	for name, since := range map[string]func(int) int{
		"needed": func(now int) int { return int(l.NeededSince(web, at(now)).Sub(t0).Seconds()) },
		"behind": func(now int) int { return int(l.BehindSince(web, at(now)).Sub(t0).Seconds()) },
	} {
		if got := since(1); got != 1 {
			t.Errorf("%s since second %d, want 1", name, got)
		}
		if got := since(2); got != 1 {
			t.Errorf("%s since second %d at the second call, want 1", name, got)
		}
	}
	l.Decided(web, nil)
	if needed, behind := l.NeededSince(web, at(3)), l.BehindSince(web, at(4)); !needed.Equal(at(3)) || !behind.Equal(at(4)) {
		t.Errorf("needed since %s, behind since %s although a decision came between", needed, behind)
	}
}

func TestOthersCommitted(t *testing.T) {
	l := knowing(t)
	l.Committed(web, slice("101", 6, "b"), at(1))
	l.Observe(web, slice("101", 6, "b"), at(2))
	if got := l.OthersCommitted("shop"); !got.Equal(at(0)) {
		t.Errorf("got %s after our commit, want %s", got, at(0))
	}
	l.Refresh(web, one, []leaderslice.Slice{slice("102", 7, "c")}, at(3), at(3))
	if got := l.OthersCommitted("shop"); !got.Equal(at(0)) {
		t.Errorf("got %s after a live read, want %s", got, at(0))
	}
	l.Observe(types.NamespacedName{Namespace: "shop", Name: "api"}, slice("103", 1, "x"), at(4))
	if got := l.OthersCommitted("shop"); !got.Equal(at(4)) {
		t.Errorf("got %s after another replica's commit for another Service, want %s", got, at(4))
	}
	l.Observe(types.NamespacedName{Namespace: "bank", Name: "api"}, slice("104", 1, "x"), at(5))
	if got := l.OthersCommitted("shop"); !got.Equal(at(4)) {
		t.Errorf("got %s after another replica's commit in another namespace, want %s", got, at(4))
	}
	l.ObserveDeletion(types.NamespacedName{Namespace: "bank", Name: "api"}, ipv4, "slice", "105", at(6))
	if len(l.othersCommitted) != 1 {
		t.Errorf("something is kept of a namespace of which nothing else is known: %v", l.othersCommitted)
	}
}
