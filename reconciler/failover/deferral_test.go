package failover

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAfterAConflictTheLeaseHolderLetsTheAdmittingReplicaGoFirst(t *testing.T) {
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
		if !f.deferral.Yields("shop") {
			t.Fatal("it still goes first after a conflict")
		}
		<-time.After(time.Second)
		if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("b2", gen.Terminating)); err != nil {
			t.Fatal(err)
		}
		if err := store.Fake(f.stores.Pods).Add(gen.ReadyPod("c3")); err != nil {
			t.Fatal(err)
		}
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != 50*time.Millisecond {
			t.Fatalf("got %+v, %v, want a wait", result, err)
		}
		<-time.After(result.RequeueAfter)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.expectNewTerm("c3")
		if f.deferral.Yields("shop") {
			t.Error("it does not go first although no other replica committed")
		}
	})
}
