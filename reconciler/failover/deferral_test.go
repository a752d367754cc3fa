package failover

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// newDeferring returns a fixture whose replica holds the Lease, has decided once, and does not know which replica admission is called on.
func newDeferring(t *testing.T) *fixture {
	t.Helper()
	f := newLeaseHolder(t)
	f.deferral.Forget("shop")
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	return f
}

// waits reconciles, and expects that the commit waits for another replica's.
func (f *fixture) waits() {
	f.t.Helper()
	before := f.writes.Load()
	if result, err := f.reconcile(); err != nil || result.RequeueAfter != 37500*time.Microsecond || f.writes.Load() != before {
		f.t.Fatalf("got %+v, %v and %d writes, want a wait of 37.5ms", result, err, f.writes.Load()-before)
	}
}

// commits reconciles, and expects one write.
func (f *fixture) commits() {
	f.t.Helper()
	before := f.writes.Load()
	if _, err := f.reconcile(); err != nil || f.writes.Load() != before+1 {
		f.t.Fatalf("%v and %d writes, want one", err, f.writes.Load()-before)
	}
}

// secondDeparture begins the deletion of b2, after c3 has become ready.
func (f *fixture) secondDeparture() {
	f.t.Helper()
	if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("b2", gen.Terminating)); err != nil {
		f.t.Fatal(err)
	}
	if err := store.Fake(f.stores.Pods).Add(gen.ReadyPod("c3")); err != nil {
		f.t.Fatal(err)
	}
}

func TestTheLeaseHolderLetsTheAdmittingReplicaGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newDeferring(t)
		f.deleteLeader()
		f.waits()
		f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		if _, err := f.reconcile(); err != nil || f.writes.Load() != 0 {
			t.Fatalf("%v and %d writes, want none", err, f.writes.Load())
		}
		<-time.After(time.Second)
		f.secondDeparture()
		f.waits()
	})
}

func TestTheLeaseHolderGoesFirstWhenNoOtherReplicaCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newDeferring(t)
		f.deleteLeader()
		f.waits()
		<-time.After(37500 * time.Microsecond)
		f.commits()
		f.expectNewTerm("b2")
		if got := testutil.ToFloat64(f.metrics.unadmitted); got != 1 {
			t.Errorf("%v deletions are counted as not admitted, want one", got)
		}
		<-time.After(time.Second)
		f.secondDeparture()
		f.waits() // the other replica may have been late once
		<-time.After(37500 * time.Microsecond)
		f.commits()
		<-time.After(time.Second)
		if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("c3", gen.Terminating)); err != nil {
			t.Fatal(err)
		}
		if err := store.Fake(f.stores.Pods).Add(gen.ReadyPod("d4")); err != nil {
			t.Fatal(err)
		}
		f.commits()
	})
}

func TestTheLeaseHolderWaitsForNobodyWithoutAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newDeferring(t)
		f.servesNoAdmission = true
		f.deleteLeader()
		f.commits()
		f.expectNewTerm("b2")
	})
}

func TestAConflictEndsThatTheLeaseHolderGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"}) // by the replica that had it prepared
		f.deleteLeader()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		f.secondDeparture()
		f.waits()
	})
}

// TestTheLeaseHolderWaitsForNobodyWithADepartureThatItHasAdmitted, not even if nothing could be prepared.
func TestTheLeaseHolderWaitsForNobodyWithADepartureThatItHasAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newDeferring(t)
		b := gen.ReadyPod("b2", gen.NotReady)
		if err := store.Fake(f.stores.Pods).Update(b); err != nil {
			t.Fatal(err)
		}
		f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
		f.deleteLeader()
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("b2")); err != nil {
			t.Fatal(err)
		}
		f.commits()
		f.expectNewTerm("b2")
		if got := testutil.ToFloat64(f.metrics.unadmitted); got != 0 {
			t.Errorf("%v deletions are counted as not admitted", got)
		}
		if !f.deferral.Yields("shop", time.Now()) {
			t.Error("it goes first from now on, as if no other replica had committed")
		}
	})
}
