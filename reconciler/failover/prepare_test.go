package failover

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAnyReplicaCommitsAPreparedHandoverWithoutDelay(t *testing.T) {
	for name, newFixture := range map[string]func(testing.TB) *fixture{"the holder of the Lease": newLeaseHolder, "another replica": newFixture} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			f.reads.Store(0)
			want := []cache.Handover{{Service: gen.ShopWeb, Successor: "b2"}}
			if diff := cmp.Diff(want, f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())); diff != "" {
				t.Errorf("unexpected hand-overs (-want +got):\n%s", diff)
			}
			if _, err := f.reconcile(); err != nil || f.writes.Load() != 0 {
				t.Fatalf("%d writes before the leader leaves (%v)", f.writes.Load(), err)
			}
			f.deleteLeader()
			if result, err := f.reconcile(); err != nil || result.RequeueAfter != 0 {
				t.Fatalf("got %+v, %v", result, err)
			}
			if f.reads.Load() != 0 || f.writes.Load() != 1 {
				t.Errorf("%d reads and %d writes, want none and one", f.reads.Load(), f.writes.Load())
			}
			f.expectNewTerm("b2")
			if f.slice().Annotations[corev1.EndpointsLastChangeTriggerTime] == "" {
				t.Error("the slice has no trigger time")
			}
			if got := testutil.ToFloat64(f.metrics.handovers.WithLabelValues("LeaderDeleted", "prepared")); got != 1 {
				t.Errorf("%v hand-overs are counted", got)
			}
			if got := testutil.ToFloat64(f.metrics.unadmitted); got != 0 {
				t.Errorf("%v deletions are counted as not admitted", got)
			}
		})
	}
}

func TestADeletionThatWasNotAdmittedIsCounted(t *testing.T) {
	f := newLeaseHolder(t)
	f.deleteLeader()
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(f.metrics.unadmitted); got != 1 {
		t.Errorf("%v are counted, want 1", got)
	}
}

// A prepared hand-over may be stale when the leader leaves, and then the Service may have to wait at the limiter. Admission has seen the
// departure all the same.
func TestAnAdmittedDeletionIsNotCountedAfterAWait(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
	if err := store.Fake(f.stores.Pods).Update(gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })); err != nil {
		t.Fatal(err)
	}
	f.deleteLeader()
	limit := 0
	f.limiter = commitrules.NewLimiter(func() int { return limit }, func(types.NamespacedName) {})
	for limit = range 2 {
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	f.expectNewTerm("b2")
	if got := testutil.ToFloat64(f.metrics.unadmitted); got != 0 {
		t.Errorf("%v are counted, want none", got)
	}
}

// While a budget refuses an eviction, it is tried again and again, and each time it counts as refused later. No event tells.
func TestAServiceIsDecidedAgainWhenTheLastDepartureCountsAsRefused(t *testing.T) {
	f := newLeaseHolder(t)
	ttl, first := f.tuning.Load().Cache.PreparedTTL.Duration, time.Now()
	f.PrepareDeparture(dummy.DeletionOf("b2"), first)
	f.PrepareDeparture(dummy.DeletionOf("b2"), first.Add(ttl-time.Second))
	result, err := f.reconcile()
	if err != nil || result.RequeueAfter <= ttl || result.RequeueAfter > 2*ttl-time.Second {
		t.Errorf("it is decided again after %s (%v), want when the last attempt is %s old", result.RequeueAfter, err, ttl)
	}
}

func TestAPreparedHandoverBypassesTheLimiter(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
	f.deleteLeader()
	f.limiter = commitrules.NewLimiter(func() int { return 0 }, func(types.NamespacedName) {}) // no Service may run
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.expectNewTerm("b2")
}

// After a change of the tuning all Services of a namespace wait at the limiter.
func TestALostLeaderIsReplacedBeforeServicesWaitThatNothingHappenedTo(t *testing.T) {
	f := newLeaseHolder(t)
	var enqueued []types.NamespacedName
	limit := 0
	f.limiter = commitrules.NewLimiter(func() int { return limit }, func(key types.NamespacedName) { enqueued = append(enqueued, key) })
	other := types.NamespacedName{Namespace: gen.ShopWeb.Namespace, Name: "other"}
	f.limiter.TryAcquire(other, false)
	f.VerdictChanged(gen.ShopWeb)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	limit = 2
	f.limiter.TryAcquire(types.NamespacedName{Namespace: "bank", Name: "first"}, false)
	f.limiter.Release()
	if diff := cmp.Diff([]types.NamespacedName{gen.ShopWeb, other}, enqueued); diff != "" {
		t.Errorf("unexpected order (-want +got):\n%s", diff)
	}
}

func TestAPreparedCommitThatIsRefusedIsDecidedAgain(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
	f.commitByOther("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
	f.deleteLeader()
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.expect("b2", 6)
	if got := testutil.ToFloat64(f.metrics.conflicts); got != 1 {
		t.Errorf("%v conflicts are counted", got)
	}
}

func TestCommitOnAdmission(t *testing.T) {
	f := newFixture(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	gen.Tune(f.tuning, "commit: {onAdmission: true}")
	f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.expectNewTerm("b2")
}

func TestOnlyTheDepartureOfALeaderIsPrepared(t *testing.T) {
	cases := map[string]struct {
		departure cache.Departure
		before    func(*fixture)
	}{
		"a pod that does not lead":                {departure: dummy.DeletionOf("b2")},
		"a pod that does not exist":               {departure: dummy.DeletionOf("z9")},
		"an earlier pod of the leader's name":     {departure: cache.Departure{Namespace: "shop", Name: "a1", UID: "earlier", Eviction: true}},
		"a pod of that name in another namespace": {departure: cache.Departure{Namespace: "other", Name: "a1", UID: "a1-uid"}},
		"a leader that is terminating":            {departure: dummy.DeletionOf("a1"), before: (*fixture).deleteLeader},
		"a Service whose cache entry is stale":    {departure: dummy.DeletionOf("a1"), before: func(f *fixture) { f.leaders.Invalidate(gen.ShopWeb, cache.ServiceChanged, time.Now()) }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			f := newLeaseHolder(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			if test.before != nil {
				test.before(f)
			}
			if got := f.PrepareDeparture(test.departure, time.Now()); got != nil {
				t.Errorf("got %v", got)
			}
			if f.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
				t.Error("something is prepared")
			}
		})
	}
}

func TestAnEvictionWithoutAUIDIsPrepared(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	got := f.PrepareDeparture(cache.Departure{Namespace: "shop", Name: "a1", Eviction: true}, time.Now())
	if diff := cmp.Diff([]cache.Handover{{Service: gen.ShopWeb, Successor: "b2"}}, got); diff != "" {
		t.Errorf("unexpected hand-overs (-want +got):\n%s", diff)
	}
}

func TestARefusedDepartureDoesNotMoveTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
		result, err := f.reconcile()
		if err != nil || result.RequeueAfter != 15*time.Second {
			t.Fatalf("got %+v, %v, want a requeue when the preparation expires", result, err)
		}
		<-time.After(result.RequeueAfter)
		if result, err = f.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		f.expect("a1", 5)
		if f.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
			t.Error("it is still prepared")
		}
	})
}

// A replica that is behind does not evaluate a prepared hand-over. It must not requeue the Service again and again for one that has
// expired.
func TestAPreparedHandoverExpiresOnAReplicaThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
		f.commitByOther("a1", 5, leaderslice.Basis{Pods: "99", Services: "20"}) // by a replica that has seen more
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		<-time.After(15 * time.Second)
		if err := store.Fake(f.stores.Pods).Add(gen.ReadyPod("c3")); err != nil { // the newest version that this replica has seen
			t.Fatal(err)
		}
		if result, err := f.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Errorf("got %+v, %v, want no requeue", result, err)
		}
		if f.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
			t.Error("it is still prepared")
		}
	})
}

// TestWhatAMadeUpDepartureDoes: it marks no pod as leaving, so the pod still follows, and a preference for it still works.
func TestWhatAMadeUpDepartureDoes(t *testing.T) {
	for name, test := range map[string]struct {
		departure cache.Departure
		want      bool
	}{
		"a real deletion":    {dummy.DeletionOf("b2"), true},
		"a made-up deletion": {dummy.Unauthenticated(dummy.DeletionOf("b2")), false},
		"a made-up eviction": {dummy.Unauthenticated(dummy.EvictionOf("b2")), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newLeaseHolder(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			f.PrepareDeparture(test.departure, time.Now())
			if got := f.leaders.Departing("b2-uid", time.Now()); got != test.want {
				t.Errorf("b2 counts as departing: %t", got)
			}
		})
	}
}
