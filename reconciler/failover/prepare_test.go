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
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func deletionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid")}
}

func evictionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid"), Eviction: true}
}

func onAdmission(s *input)         { s.tuning.Commit.OnAdmission = true }
func ignoringDisruptions(s *input) { s.tuning.Election.HandoverOnDisruptionTarget = false }
func departingPod(uid types.UID) func(*input) {
	return func(s *input) { s.departing = func(pod types.UID) bool { return pod == uid } }
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
		want      preparation // zero when nobody can follow
	}{
		"a deletion": {
			pods: []*corev1.Pod{a, b, c}, departure: deletionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction announces itself": {
			pods: []*corev1.Pod{a, b, c}, departure: evictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"an eviction when its announcement does not count": {
			pods: []*corev1.Pod{a, b}, departure: evictionOf("a1"), change: []func(*input){ignoringDisruptions},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"an eviction when all others will be evicted too": {
			pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.DisruptionTarget)}, departure: evictionOf("a1"),
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"another pod's departure was admitted just before": {
			pods: []*corev1.Pod{a, b, c}, departure: deletionOf("a1"), change: []func(*input){departingPod("b2-uid")},
			want: preparation{Successor: "c3", Reason: election.ReasonLeaderDeleted},
		},
		"every pod's departure was admitted": {
			pods: []*corev1.Pod{a, b}, departure: deletionOf("a1"), change: []func(*input){departingPod("b2-uid")},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted},
		},
		"a deletion that is to be committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: deletionOf("a1"), change: []func(*input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDeleted, AtOnce: true},
		},
		"an eviction is never committed on admission": {
			pods: []*corev1.Pod{a, b}, departure: evictionOf("a1"), change: []func(*input){onAdmission},
			want: preparation{Successor: "b2", Reason: election.ReasonLeaderDisrupted, Announced: true},
		},
		"nobody else is ready":     {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.NotReady)}, departure: deletionOf("a1")},
		"everybody else is going":  {pods: []*corev1.Pod{a, gen.ReadyPod("b2", gen.Terminating)}, departure: deletionOf("a1")},
		"the leader is all it has": {pods: []*corev1.Pod{a}, departure: evictionOf("a1")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := inputOf(leading("a1", 5), test.pods, test.change...)
			prepared, ok := prepare(s, test.departure, gen.T0)
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
			if prepared.Before.Term != 5 || prepared.After.Term != NewTerm || len(prepared.Writes) != 1 {
				t.Errorf("got %+v", prepared)
			}
			if a.DeletionTimestamp != nil || len(a.Status.Conditions) != 1 {
				t.Error("the informer's pod was changed")
			}
		})
	}
}

func TestAPreparedSuccessionIsOnlyUsedWhenItFits(t *testing.T) {
	leaves := func(s *input) { s.pods[0] = gen.ReadyPod("a1", gen.Terminating) }
	cases := map[string]struct {
		departure cache.Departure
		change    func(*input)
		later     time.Duration
		want      cache.Outcome
	}{
		"the leader is being deleted":           {departure: deletionOf("a1"), change: leaves, want: cache.OutcomeUsed},
		"the leader is gone":                    {departure: deletionOf("a1"), change: func(s *input) { s.pods = s.pods[1:] }, want: cache.OutcomeUsed},
		"the leader is not seen to leave":       {departure: deletionOf("a1"), change: func(*input) {}},
		"the leader is announced, for a delete": {departure: deletionOf("a1"), change: func(s *input) { s.pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }},
		"the leader is announced, for eviction": {departure: evictionOf("a1"), change: func(s *input) { s.pods[0] = gen.ReadyPod("a1", gen.DisruptionTarget) }, want: cache.OutcomeUsed},
		"the eviction was refused":              {departure: evictionOf("a1"), change: func(*input) {}, later: 15 * time.Second, want: cache.OutcomeExpired},
		"the deletion comes too late":           {departure: deletionOf("a1"), change: leaves, later: time.Minute, want: cache.OutcomeExpired},
		"the successor has changed": {departure: deletionOf("a1"), change: func(s *input) {
			leaves(s)
			s.pods[1] = gen.ReadyPod("b2", func(p *corev1.Pod) { p.ResourceVersion = "31" })
		}, want: cache.OutcomeStale},
		"the successor is gone":                  {departure: deletionOf("a1"), change: func(s *input) { leaves(s); s.pods = s.pods[:1] }, want: cache.OutcomeStale},
		"someone else has moved the leader":      {departure: deletionOf("a1"), change: func(s *input) { leaves(s); s.record = recordOf(*s, leading("b2", 6)) }, want: cache.OutcomeSuperseded},
		"someone else has changed the slice":     {departure: deletionOf("a1"), change: func(s *input) { leaves(s); bump(s) }, want: cache.OutcomeStale},
		"a pod that stays has changed meanwhile": {departure: deletionOf("a1"), change: func(s *input) { leaves(s); s.pods[2] = gen.ReadyPod("c3", gen.NotReady) }, want: cache.OutcomeUsed},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := inputOf(leading("a1", 5), []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("c3")})
			prepared, ok := prepare(s, test.departure, gen.T0)
			if !ok {
				t.Fatal("nothing is prepared")
			}
			prepared.Expires = gen.T0.Add(15 * time.Second)
			test.change(&s)
			if got := outcomeNow(s, &prepared, gen.T0.Add(test.later), gen.T0.Add(test.later)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// bump gives the slice another version.
func bump(s *input) {
	known := s.record.Slices["web-leader-ipv4"]
	known.ResourceVersion = "41"
	s.record.Slices["web-leader-ipv4"] = known
}

func TestAnyReplicaCommitsWhatIsPreparedAtOnce(t *testing.T) {
	for name, stage := range map[string]func(*testing.T) *stage{"the holder of the Lease": elected, "another replica": newStage} {
		t.Run(name, func(t *testing.T) {
			st := stage(t)
			if _, err := st.reconcile(); err != nil {
				t.Fatal(err)
			}
			st.reads.Store(0)
			want := []cache.HandOver{{Service: gen.ShopWeb, Successor: "b2"}}
			if diff := cmp.Diff(want, st.PrepareDeparture(deletionOf("a1"), time.Now())); diff != "" {
				t.Errorf("unexpected hand-overs (-want +got):\n%s", diff)
			}
			if _, err := st.reconcile(); err != nil || st.writes.Load() != 0 {
				t.Fatalf("%d writes before the leader leaves (%v)", st.writes.Load(), err)
			}
			st.lose()
			if result, err := st.reconcile(); err != nil || result.RequeueAfter != 0 {
				t.Fatalf("got %+v, %v", result, err)
			}
			if st.reads.Load() != 0 || st.writes.Load() != 1 {
				t.Errorf("%d reads and %d writes, want none and one", st.reads.Load(), st.writes.Load())
			}
			st.expectNew("b2")
			if st.slice().Annotations[corev1.EndpointsLastChangeTriggerTime] == "" {
				t.Error("kube-proxy is not told when it began")
			}
			if got := testutil.ToFloat64(st.metrics.handovers.WithLabelValues("LeaderDeleted", "prepared")); got != 1 {
				t.Errorf("%v hand-overs are counted", got)
			}
			if got := testutil.ToFloat64(st.metrics.unadmitted); got != 0 {
				t.Errorf("%v deletions are counted as not admitted", got)
			}
		})
	}
}

func TestADeletionThatAdmissionDidNotSeeIsCounted(t *testing.T) {
	st := elected(t)
	st.lose()
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(st.metrics.unadmitted); got != 1 {
		t.Errorf("%v are counted, want 1", got)
	}
}

// What admission prepared may not fit any longer, and the Service may have to wait for its decision. Admission has seen the departure
// all the same.
func TestADeletionThatAdmissionSawIsNotCountedAfterAWait(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.PrepareDeparture(deletionOf("a1"), time.Now())
	if err := st.stores.Pods.Update(gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "31" })); err != nil {
		t.Fatal(err)
	}
	st.lose()
	inside := 0 // how many may be
	st.limiter = newLimiter(func() int { return inside }, func(types.NamespacedName) {})
	for inside = range 2 {
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
	}
	st.expectNew("b2")
	if got := testutil.ToFloat64(st.metrics.unadmitted); got != 0 {
		t.Errorf("%v are counted, want none", got)
	}
}

func TestWhatIsPreparedDoesNotWaitAtTheLimiter(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.PrepareDeparture(deletionOf("a1"), time.Now())
	st.lose()
	st.limiter = newLimiter(func() int { return 0 }, func(types.NamespacedName) {}) // nobody gets in
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.expectNew("b2")
}

func TestAPreparedCommitThatIsRefusedIsDecidedAgain(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.PrepareDeparture(deletionOf("a1"), time.Now())
	st.commitElsewhere("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"})
	st.lose()
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.expect("b2", 6)
	if got := testutil.ToFloat64(st.metrics.conflicts); got != 1 {
		t.Errorf("%v conflicts are counted", got)
	}
}

func TestCommitOnAdmission(t *testing.T) {
	st := newStage(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	gen.Tune(st.tuning, "commit: {onAdmission: true}")
	st.PrepareDeparture(deletionOf("a1"), time.Now())
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	st.expectNew("b2")
}

func TestPrepareIsForLeadersOnly(t *testing.T) {
	cases := map[string]struct {
		departure cache.Departure
		before    func(*stage)
	}{
		"a pod that does not lead":                  {departure: deletionOf("b2")},
		"a pod that does not exist":                 {departure: deletionOf("z9")},
		"an earlier pod of the leader's name":       {departure: cache.Departure{Namespace: "shop", Name: "a1", UID: "earlier", Eviction: true}},
		"a pod of that name in another namespace":   {departure: cache.Departure{Namespace: "other", Name: "a1", UID: "a1-uid"}},
		"a leader that is seen to go already":       {departure: deletionOf("a1"), before: (*stage).lose},
		"the leader of a Service that is not known": {departure: deletionOf("a1"), before: func(st *stage) { st.leaders.Invalidate(gen.ShopWeb, cache.ServiceChanged, time.Now()) }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			st := elected(t)
			if _, err := st.reconcile(); err != nil {
				t.Fatal(err)
			}
			if test.before != nil {
				test.before(st)
			}
			if got := st.PrepareDeparture(test.departure, time.Now()); got != nil {
				t.Errorf("got %v", got)
			}
			if st.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
				t.Error("something is prepared")
			}
		})
	}
}

func TestAnEvictionNamesItsPodOnly(t *testing.T) {
	st := elected(t)
	if _, err := st.reconcile(); err != nil {
		t.Fatal(err)
	}
	got := st.PrepareDeparture(cache.Departure{Namespace: "shop", Name: "a1", Eviction: true}, time.Now())
	if diff := cmp.Diff([]cache.HandOver{{Service: gen.ShopWeb, Successor: "b2"}}, got); diff != "" {
		t.Errorf("unexpected hand-overs (-want +got):\n%s", diff)
	}
}

func TestARefusedDepartureMovesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.PrepareDeparture(deletionOf("a1"), time.Now())
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 15*time.Second {
			t.Fatalf("got %+v, %v, want another look when the preparation ends", result, err)
		}
		<-time.After(result.RequeueAfter)
		if result, err = st.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		st.expect("a1", 5)
		if st.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
			t.Error("it is still prepared")
		}
	})
}

// A replica that is behind judges nothing that is prepared. It must not ask again and again whether that has expired.
func TestWhatIsPreparedExpiresOnAReplicaThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.PrepareDeparture(deletionOf("a1"), time.Now())
		st.commitElsewhere("a1", 5, leaderslice.Basis{Pods: "99", Services: "20"}) // by one that had seen more
		st.leaders.Observe(gen.ShopWeb, leaderslice.Parse(st.slice()), time.Now())
		<-time.After(15 * time.Second)
		if err := st.stores.Pods.Add(gen.ReadyPod("c3")); err != nil { // the newest version that this replica has seen
			t.Fatal(err)
		}
		if result, err := st.reconcile(); err != nil || result.RequeueAfter != 0 {
			t.Errorf("got %+v, %v, want no other look", result, err)
		}
		if st.leaders.ExpirePrepared(gen.ShopWeb, time.Now().Add(-time.Hour)) > 0 {
			t.Error("it is still prepared")
		}
	})
}

func TestTheHolderOfTheLeaseLetsAdmissionsReplicaGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := elected(t)
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.commitElsewhere("b2", 6, leaderslice.Basis{Pods: "30", Services: "20"}) // by the one that had it prepared, just before us
		st.lose()
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		if !st.deferral.yields() {
			t.Fatal("it still goes first after a conflict")
		}
		<-time.After(time.Second)
		if err := st.stores.Pods.Update(gen.ReadyPod("b2", gen.Terminating)); err != nil {
			t.Fatal(err)
		}
		if err := st.stores.Pods.Add(gen.ReadyPod("c3")); err != nil {
			t.Fatal(err)
		}
		result, err := st.reconcile()
		if err != nil || result.RequeueAfter != 50*time.Millisecond {
			t.Fatalf("got %+v, %v, want a wait", result, err)
		}
		<-time.After(result.RequeueAfter)
		if _, err := st.reconcile(); err != nil {
			t.Fatal(err)
		}
		st.expectNew("c3")
		if st.deferral.yields() {
			t.Error("it waits again although it has waited in vain")
		}
	})
}

func TestWhatAdmissionCannotPrepareIsNotLeftToOthers(t *testing.T) {
	cases := map[string]struct {
		leader *corev1.Pod
		want   bool
	}{
		"a deletion":   {leader: gen.ReadyPod("a1", gen.Terminating), want: true},
		"an eviction":  {leader: gen.ReadyPod("a1", disruptedBy("EvictionByEvictionAPI")), want: true},
		"a preemption": {leader: gen.ReadyPod("a1", disruptedBy("PreemptionByScheduler"))},
		"a lost probe": {leader: gen.ReadyPod("a1", gen.NotReady)},
		"no change":    {leader: gen.ReadyPod("a1")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := inputOf(leading("a1", 5), []*corev1.Pod{test.leader, gen.ReadyPod("b2")})
			if got := s.admissible(decide(s, gen.T0)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func disruptedBy(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		gen.DisruptionTarget(pod)
		pod.Status.Conditions[len(pod.Status.Conditions)-1].Reason = reason
	}
}
