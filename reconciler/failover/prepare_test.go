package failover

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/gen"
)

func deletionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid")}
}

func evictionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid"), Eviction: true}
}

func unauthenticated(departure cache.Departure) cache.Departure {
	departure.Unauthenticated = true
	return departure
}

func onAdmission(in *input)         { in.tuning.Commit.OnAdmission = true }
func ignoringDisruptions(in *input) { in.tuning.Election.HandoverOnDisruptionTarget = false }
func departingPod(uid types.UID) func(*input) {
	return func(in *input) { in.isDeparting = func(pod types.UID) bool { return pod == uid } }
}

func TestPrepareDecidesAsIfTheLeaderHadLeft(t *testing.T) {
	a, b, c := gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")
	type preparation struct {
		Successor string
		Reason    election.Reason
		Announced bool
		AtOnce    bool
	}
	cases := map[string]struct {
		pods      []*corev1.Pod
		departure cache.Departure
		change    []func(*input)
		want      preparation // zero when no pod can follow
	}{
		"a deletion": {
			pods: []*corev1.Pod{a, b, c}, departure: deletionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction announces itself": {
			pods: []*corev1.Pod{a, b, c}, departure: evictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction when the tuning ignores its announcement": {
			pods: []*corev1.Pod{a, b}, departure: evictionOf("a1"), change: []func(*input){ignoringDisruptions},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction when all other pods will be evicted, too": {
			pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.DisruptionTarget)}, departure: evictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"another pod's departure was admitted before": {
			pods: []*corev1.Pod{a, b, c}, departure: deletionOf("a1"), change: []func(*input){departingPod("b2-uid")},
			want: preparation{Successor: "c3", Reason: election.ReasonLeaderDeleted},
		},
		"every pod's departure was admitted": {
			pods: []*corev1.Pod{a, b}, departure: deletionOf("a1"), change: []func(*input){departingPod("b2-uid")},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion that is committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: deletionOf("a1"), change: []func(*input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted, AtOnce: true},
		},
		"an eviction is never committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: evictionOf("a1"), change: []func(*input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction that nobody vouches for announces nothing": {
			pods: []*corev1.Pod{a, b}, departure: unauthenticated(evictionOf("a1")),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion that nobody vouches for is not committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: unauthenticated(deletionOf("a1")), change: []func(*input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"no other pod is ready":          {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.NotReady)}, departure: deletionOf("a1")},
		"all other pods are terminating": {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.Terminating)}, departure: deletionOf("a1")},
		"there is no other pod":          {pods: []*corev1.Pod{a}, departure: evictionOf("a1")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(leading("a1", 5), test.pods, test.change...)
			prepared, ok := prepare(in, test.departure, gen.T0)
			if ok != (test.want != preparation{}) {
				t.Fatalf("prepared: %v", ok)
			}
			if !ok {
				return
			}
			got := preparation{prepared.After.Leader.Name, election.Reason(prepared.After.Reason), prepared.Announced, prepared.AtOnce}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected preparation (-want +got):\n%s", diff)
			}
			if prepared.Before.Term != 5 || prepared.After.Term != newTerm || len(prepared.Writes) != 1 {
				t.Errorf("got %+v", prepared)
			}
			if a.DeletionTimestamp != nil || len(a.Status.Conditions) != 1 {
				t.Error("the informer's pod was changed")
			}
		})
	}
}

func TestPreparedOutcome(t *testing.T) {
	leaves := func(in *input) { in.pods[0] = gen.ReadyPod("a1", gen.Terminating) }
	cases := map[string]struct {
		departure cache.Departure
		change    func(*input)
		later     time.Duration
		want      cache.Outcome
	}{
		"the leader is being deleted": {departure: deletionOf("a1"), change: leaves, want: cache.OutcomeUsed},
		"the leader is gone":          {departure: deletionOf("a1"), change: func(in *input) { in.pods = in.pods[1:] }, want: cache.OutcomeUsed},
		"the leader stays":            {departure: deletionOf("a1"), change: func(*input) {}},
		"an eviction is announced, and a deletion was admitted":  {departure: deletionOf("a1"), change: func(in *input) { in.pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }},
		"an eviction is announced, and an eviction was admitted": {departure: evictionOf("a1"), change: func(in *input) { in.pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }, want: cache.OutcomeUsed},
		"the eviction was refused":                               {departure: evictionOf("a1"), change: func(*input) {}, later: 15 * time.Second, want: cache.OutcomeExpired},
		"the deletion comes after the preparation has expired":   {departure: deletionOf("a1"), change: leaves, later: time.Minute, want: cache.OutcomeExpired},
		"the successor has changed": {departure: deletionOf("a1"), change: func(in *input) {
			leaves(in)
			in.pods[1] = gen.ReadyPod("b2", func(p *corev1.Pod) { p.ResourceVersion = "31" })
		}, want: cache.OutcomeStale},
		"the successor is gone":                  {departure: deletionOf("a1"), change: func(in *input) { leaves(in); in.pods = in.pods[:1] }, want: cache.OutcomeStale},
		"someone else has moved the leader":      {departure: deletionOf("a1"), change: func(in *input) { leaves(in); in.record = recordOf(*in, leading("b2", 6)) }, want: cache.OutcomeSuperseded},
		"someone else has changed the slice":     {departure: deletionOf("a1"), change: func(in *input) { leaves(in); bump(in) }, want: cache.OutcomeStale},
		"a pod that stays has changed meanwhile": {departure: deletionOf("a1"), change: func(in *input) { leaves(in); in.pods[2] = gen.ReadyPod("c3", gen.NotReady) }, want: cache.OutcomeUsed},
	}
	notReady := func(in *input) { in.pods[0] = gen.ReadyPod("a1", gen.NotReady) }
	maps.Copy(cases, map[string]struct {
		departure cache.Departure
		change    func(*input)
		later     time.Duration
		want      cache.Outcome
	}{
		"nobody vouched for the deletion, and the leader is being deleted": {
			departure: unauthenticated(deletionOf("a1")), change: leaves, want: cache.OutcomeUsed,
		},
		"nobody vouched for the deletion, and the leader is gone, which is another reason": {
			departure: unauthenticated(deletionOf("a1")), change: func(in *input) { in.pods = in.pods[1:] }, want: cache.OutcomeStale,
		},
		"nobody vouched for the deletion, and another pod is preferred since": {
			departure: unauthenticated(deletionOf("a1")),
			change:    func(in *input) { leaves(in); in.options.PreferredLeader = "c3" }, want: cache.OutcomeStale,
		},
		"nobody vouched for the deletion, and the leader is not ready": {departure: unauthenticated(deletionOf("a1")), change: notReady},
		"nobody vouched for the eviction, and it is announced": {
			departure: unauthenticated(evictionOf("a1")),
			change:    func(in *input) { in.pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) },
		},
	})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")})
			prepared, ok := prepare(in, test.departure, gen.T0)
			if !ok {
				t.Fatal("nothing is prepared")
			}
			prepared.Expires = gen.T0.Add(15 * time.Second)
			test.change(&in)
			if got := preparedOutcome(in, &prepared, gen.T0.Add(test.later), gen.T0.Add(test.later)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// bump changes the resourceVersion of the slice.
func bump(in *input) {
	known := in.record.Slices["web-leader-ipv4"]
	known.ResourceVersion = "41"
	in.record.Slices["web-leader-ipv4"] = known
}

func TestAnyReplicaCommitsAPreparedHandOverWithoutDelay(t *testing.T) {
	for name, newFixture := range map[string]func(*testing.T) *fixture{"the holder of the Lease": newLeaseHolder, "another replica": newFixture} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if _, err := f.reconcile(); err != nil {
				t.Fatal(err)
			}
			f.reads.Store(0)
			want := []cache.HandOver{{Service: gen.ShopWeb, Successor: "b2"}}
			if diff := cmp.Diff(want, f.PrepareDeparture(deletionOf("a1"), time.Now())); diff != "" {
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
	f.PrepareDeparture(deletionOf("a1"), time.Now())
	if err := f.stores.Pods.Update(gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })); err != nil {
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

func TestAPreparedHandOverBypassesTheLimiter(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.PrepareDeparture(deletionOf("a1"), time.Now())
	f.deleteLeader()
	f.limiter = commitrules.NewLimiter(func() int { return 0 }, func(types.NamespacedName) {}) // no Service may run
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.expectNewTerm("b2")
}

func TestAPreparedCommitThatIsRefusedIsDecidedAgain(t *testing.T) {
	f := newLeaseHolder(t)
	if _, err := f.reconcile(); err != nil {
		t.Fatal(err)
	}
	f.PrepareDeparture(deletionOf("a1"), time.Now())
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
	f.PrepareDeparture(deletionOf("a1"), time.Now())
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
		"a pod that does not lead":                {departure: deletionOf("b2")},
		"a pod that does not exist":               {departure: deletionOf("z9")},
		"an earlier pod of the leader's name":     {departure: cache.Departure{Namespace: "shop", Name: "a1", UID: "earlier", Eviction: true}},
		"a pod of that name in another namespace": {departure: cache.Departure{Namespace: "other", Name: "a1", UID: "a1-uid"}},
		"a leader that is terminating":            {departure: deletionOf("a1"), before: (*fixture).deleteLeader},
		"a Service whose cache entry is stale":    {departure: deletionOf("a1"), before: func(f *fixture) { f.leaders.Invalidate(gen.ShopWeb, cache.ServiceChanged, time.Now()) }},
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
	if diff := cmp.Diff([]cache.HandOver{{Service: gen.ShopWeb, Successor: "b2"}}, got); diff != "" {
		t.Errorf("unexpected hand-overs (-want +got):\n%s", diff)
	}
}

func TestARefusedDepartureDoesNotMoveTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.PrepareDeparture(deletionOf("a1"), time.Now())
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
func TestAPreparedHandOverExpiresOnAReplicaThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		if _, err := f.reconcile(); err != nil {
			t.Fatal(err)
		}
		f.PrepareDeparture(deletionOf("a1"), time.Now())
		f.commitByOther("a1", 5, leaderslice.Basis{Pods: "99", Services: "20"}) // by a replica that has seen more
		f.leaders.Observe(gen.ShopWeb, leaderslice.Parse(f.slice()), time.Now())
		<-time.After(15 * time.Second)
		if err := f.stores.Pods.Add(gen.ReadyPod("c3")); err != nil { // the newest version that this replica has seen
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
		"a real deletion":    {deletionOf("b2"), true},
		"a made-up deletion": {unauthenticated(deletionOf("b2")), false},
		"a made-up eviction": {unauthenticated(evictionOf("b2")), false},
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
